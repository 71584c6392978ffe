import { type ClientId, clientId, err, FedError, ok, type Result, type RunId } from '@tessera/vocabulary'
import { initialState } from './initial-state.ts'
import type { Measured } from './intake.ts'
import type { Ports, StoredUpdate } from './ports.ts'
import { ReturnWatch } from './return-watch.ts'
import { RunActor } from './run-actor.ts'
import type { RunEvent } from './run-events.ts'
import type { PauseCause, RunRecord, RunState } from './run-state.ts'
import { presentClients } from './staffing.ts'

type SteeringEvent = Extract<RunEvent, { type: 'paused' | 'resumed' | 'aborted' | 'assignment-failed' }>

const ENDED = new Set(['finished', 'abandoned'])

/**
 * All runs of one coordinator: who is connected, and which run an event belongs to. It knows no socket, no database and
 * no clock but through its ports, so a whole federation runs in one process as it does over a network.
 */
export class Engine {
  readonly #ports: Ports
  readonly #actors = new Map<RunId, RunActor>()
  readonly #present = new Map<ClientId, number>()
  readonly #returns: ReturnWatch

  constructor(ports: Ports) {
    this.#ports = ports
    this.#returns = new ReturnWatch(ports.clock)
  }

  /** Take up every run that has not ended where the store has it. */
  async restore(): Promise<void> {
    for (const { record, state } of await this.#ports.store.loadRuns()) await this.#takeUp(record, state)
  }

  async #takeUp(record: RunRecord, state: RunState): Promise<void> {
    const actor = new RunActor(record, state, this.#ports)
    this.#actors.set(record.runId, actor)
    if (!ENDED.has(state.phase)) {
      await actor.handle({ type: 'restarted' })
      const absent = presentClients(actor.state)
        .map(clientId)
        .filter((id) => !this.#present.has(id))
      for (const id of absent) this.#awaitReturn(id, actor)
    }
    await actor.evaluateLeft()
  }

  async createRun(record: RunRecord): Promise<void> {
    const state = initialState(record)
    await this.#ports.store.createRun(record, state)
    const actor = new RunActor(record, state, this.#ports)
    this.#actors.set(record.runId, actor)
    for (const [clientId, examples] of this.#present) await actor.handle({ type: 'client-joined', clientId, examples })
  }

  /** A worker is connected; runs that wait for it go on, and it is sent what it still owes. */
  async join(clientId: ClientId, examples: number): Promise<void> {
    this.#present.set(clientId, examples)
    this.#returns.returned(clientId)
    await this.#everywhere({ type: 'client-joined', clientId, examples })
  }

  /** A worker has `left`, and gives its work back, or its connection is `lost`, and it may return. */
  async leave(clientId: ClientId, how: 'left' | 'lost'): Promise<void> {
    if (!this.#present.delete(clientId)) return
    const awaited = ({ phase }: RunState): boolean => how === 'lost' && phase !== 'recruiting'
    for (const actor of this.#running(awaited)) this.#awaitReturn(clientId, actor)
    await this.#everywhere({ type: 'client-left', clientId, how }, (state) => !awaited(state))
  }

  /** An encoded update from a client; the same update twice is accepted twice and counted once. */
  async receive(
    runId: RunId,
    update: StoredUpdate,
    measured: Measured,
  ): Promise<Result<{ duplicate: boolean }, FedError>> {
    const actor = this.#actors.get(runId)
    return actor === undefined ? err(unknownRun(runId)) : actor.receive(update, measured)
  }

  /** Pause, resume or abort a run, or give up one client's assignment. */
  async steer(runId: RunId, event: SteeringEvent): Promise<Result<RunState, FedError>> {
    const actor = this.#actors.get(runId)
    return actor === undefined ? err(unknownRun(runId)) : actor.handle(event)
  }

  /** Pause every run that is under way. */
  async pauseAll(cause: PauseCause, reason: string): Promise<void> {
    await this.#everywhere({ type: 'paused', cause, reason }, ({ phase }) => phase !== 'paused')
  }

  /** Resume the runs that are paused for this cause. */
  async resumeAll(cause: PauseCause): Promise<void> {
    await this.#everywhere({ type: 'resumed' }, ({ pauseCause }) => pauseCause === cause)
  }

  /**
   * Call off what clients still do for a run, and delete it with all that belongs to it alone. A run that the store does
   * not delete is taken up again where it stands.
   */
  async remove(runId: RunId): Promise<Result<void, FedError>> {
    const actor = this.#actors.get(runId)
    if (actor === undefined) return err(unknownRun(runId))
    await actor.callOff('the run is deleted')
    try {
      await this.#ports.store.deleteRun(runId)
    } catch (error) {
      await this.#takeUp(actor.record, actor.state)
      throw error
    }
    this.#actors.delete(runId)
    return ok(undefined)
  }

  run(runId: RunId): { readonly record: RunRecord; readonly state: RunState } | null {
    const actor = this.#actors.get(runId)
    return actor === undefined ? null : { record: actor.record, state: actor.state }
  }

  /** Stop driving every run; the store has all there is to go on from. */
  async close(): Promise<void> {
    this.#returns.close()
    await Promise.all([...this.#actors.values()].map((actor) => actor.close()))
  }

  async #everywhere(event: RunEvent, concerns: (state: RunState) => boolean = () => true): Promise<void> {
    await Promise.all(this.#running(concerns).map((actor) => actor.handle(event)))
  }

  #running(concerns: (state: RunState) => boolean): RunActor[] {
    return [...this.#actors.values()].filter(({ state }) => !ENDED.has(state.phase) && concerns(state))
  }

  /**
   * A client whose connection is lost is mostly back soon. For as long as a round waits for everyone, the soft deadline,
   * it counts as present, so that a cohort does not depend on who was disconnected when it was drawn.
   */
  #awaitReturn(clientId: ClientId, actor: RunActor): void {
    const at = this.#ports.clock.now() + actor.record.spec.rounds.deadline.softMs
    this.#returns.expect(clientId, at, () => {
      actor.handle({ type: 'client-left', clientId, how: 'lost' }).catch((error: unknown) => {
        this.#ports.log.error(`run ${actor.record.runId} was not told that ${clientId} is lost`, { error })
      })
    })
  }
}

const unknownRun = (id: RunId): FedError =>
  new FedError('unknown-run', `there is no run ${id}`, { details: { runId: id } })
