import type { WorkerView } from '@tessera/protocol'
import type { AssignmentId, ClientId, RunId } from '@tessera/vocabulary'

/** What a connected worker is doing, as far as it said. */
export interface Presence {
  readonly clientId: ClientId
  readonly device: string
  readonly software: string
  readonly examples: number
  readonly work: WorkInHand | null
  readonly lastSeenAt: number
}

export interface WorkInHand {
  readonly runId: RunId
  readonly round: number
  readonly assignmentId: AssignmentId
  readonly step: number
  readonly steps: number
  readonly loss: number | null
}

/** The workers that are connected now; the rest of what is known about clients is in the database. */
export class WorkerRoster {
  readonly #present = new Map<ClientId, Presence>()
  readonly #changed: (worker: WorkerView) => void

  constructor(changed: (worker: WorkerView) => void) {
    this.#changed = changed
  }

  get size(): number {
    return this.#present.size
  }

  get(id: ClientId): Presence | undefined {
    return this.#present.get(id)
  }

  set(presence: Presence): void {
    this.#present.set(presence.clientId, presence)
    this.#changed(workerView(presence, true))
  }

  update(id: ClientId, change: Partial<Presence>): void {
    const presence = this.#present.get(id)
    if (presence !== undefined) this.set({ ...presence, ...change })
  }

  /** This work of the client's is called off. */
  drop(id: ClientId, assignmentId: AssignmentId): void {
    if (this.#present.get(id)?.work?.assignmentId === assignmentId) this.update(id, { work: null })
  }

  remove(id: ClientId): void {
    const presence = this.#present.get(id)
    if (presence === undefined) return
    this.#present.delete(id)
    this.#changed(workerView({ ...presence, work: null }, false))
  }
}

export function workerView({ work, ...presence }: Presence, connected: boolean): WorkerView {
  return {
    ...presence,
    connected,
    runId: work?.runId ?? null,
    round: work?.round ?? null,
    step: work?.step ?? 0,
    steps: work?.steps ?? 0,
    loss: work?.loss ?? null,
  }
}
