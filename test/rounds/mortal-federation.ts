import {
  type Clock,
  createMemoryStore,
  Engine,
  type RunRecord,
  type RunState,
  type Store,
  type StoredMetric,
  type StoredUpdate,
  type Transport,
  type Workbench,
} from '@tessera/federation'
import {
  createFakeClock,
  createLife,
  createRecordingLog,
  createRecordingObserver,
  type FakeClock,
  type Life,
  mortalPorts,
} from '@tessera/testing'
import { type AssignmentId, type ClientId, clientId, type RunId } from '@tessera/vocabulary'
import { type AssignmentMessage, createPatientClient, type PatientClient } from './patient-client.ts'

/** What a client makes of an assignment, with the blobs of the coordinator that it names. */
export type ClientWork = (
  client: ClientId,
  message: AssignmentMessage,
  read: Store['readBlob'],
) => Float32Array | Promise<Float32Array>

/** What decides the end of a run: who takes part, and what everyone computes. */
export interface Cast {
  readonly record: RunRecord
  /** Examples by client. */
  readonly clients: Readonly<Record<string, number>>
  readonly work: ClientWork
  readonly workbench: Workbench
}

/** What a coordinator keeps, and what people read of its measurements. */
export interface Memory {
  readonly store: Store
  metricsOf(run: RunId): Promise<readonly StoredMetric[]>
}

/** What outlives the coordinator: its store, the time, and the clients with what they have finished. */
export interface World extends Cast, Memory {
  readonly clock: FakeClock & Clock
  readonly crowd: ReadonlyMap<ClientId, PatientClient>
  readonly log: ReturnType<typeof createRecordingLog>
  /** Updates that the coordinator refused: client, assignment and code. */
  readonly refusals: string[]
}

function inProcess(): Memory {
  const store = createMemoryStore()
  return { store, metricsOf: async (run) => store.metricsOf(run) }
}

export function createWorld(cast: Cast, memory: Memory = inProcess()): World {
  const { store } = memory
  const crowd = Object.entries(cast.clients).map(([name, examples]) => {
    const id = clientId(name)
    return [id, createPatientClient(id, examples, async (message) => cast.work(id, message, store.readBlob))] as const
  })
  return {
    ...cast,
    ...memory,
    clock: createFakeClock(),
    crowd: new Map(crowd),
    log: createRecordingLog(),
    refusals: [],
  }
}

/** One life of the coordinator, and what clients do in it. */
export interface Coordinator {
  readonly life: Life
  /** The state of the run as this coordinator knows it. */
  readonly state: RunState
  /** Who is connected. */
  readonly connected: ReadonlySet<ClientId>
  /** Take up the run where the store has it; made first, where the store has none. */
  start(): Promise<void>
  /** The client is here, again or for the first time. */
  join(client: PatientClient): Promise<void>
  leave(client: PatientClient, how: 'left' | 'lost'): Promise<void>
  /** The client sends the result of this work, and hears what comes of it, unless the coordinator dies. */
  deliver(client: PatientClient, work: AssignmentId): Promise<void>
  /** An update that was taken arrives once more: it is known, and changes nothing. */
  repeat(update: StoredUpdate): Promise<void>
  /** Until the coordinator waits for others, or is dead. */
  rest(): Promise<void>
}

export function coordinatorIn(world: World, life: Life): Coordinator {
  const { record, store, clock, log, workbench, crowd } = world
  const connected = new Set<ClientId>()
  const to = (id: ClientId): PatientClient | undefined => (connected.has(id) ? crowd.get(id) : undefined)
  const transport: Transport = {
    assign: (id, message) => to(id)?.take(message),
    cancel: (id, { assignmentId }) => to(id)?.callOff(assignmentId),
  }
  const observer = createRecordingObserver()
  const engine = new Engine(mortalPorts({ clock, log, transport, store, workbench, observer }, life))
  /** Waits for the coordinator no longer than it lives. */
  const hear = <T>(answer: Promise<T>): Promise<T | undefined> => Promise.race([answer, life.end.then(() => undefined)])
  return {
    life,
    connected,
    get state() {
      return engine.run(record.runId)!.state
    },
    start: async () => {
      await hear(engine.restore())
      if (!life.over && engine.run(record.runId) === null) await hear(engine.createRun(record))
    },
    join: async ({ id, examples }) => {
      connected.add(id)
      await hear(engine.join(id, examples))
    },
    leave: async ({ id }, how) => {
      connected.delete(id)
      await hear(engine.leave(id, how))
    },
    deliver: async (client, work) => {
      const update = await client.resultOf(work)
      const answer = await hear(engine.receive(record.runId, update, { 'train-loss': 2 }))
      if (answer === undefined) return
      if (!answer.ok) world.refusals.push(`${work}: ${answer.error.code}`)
      if (answer.ok || !answer.error.retryable) client.answered(update, answer.ok)
    },
    repeat: async (update) => {
      const answer = await hear(engine.receive(record.runId, update, {}))
      if (answer !== undefined && !(answer.ok && answer.value.duplicate)) {
        world.refusals.push(`${update.assignmentId} once more: ${JSON.stringify(answer)}`)
      }
    },
    rest: async () => {
      do await new Promise(setImmediate)
      while (!life.over && life.waiting > 0)
    },
  }
}

/** The next thing that happens in the world while the coordinator rests: a client's delivery, or the next alarm. */
export type Plan = (coordinator: Coordinator, world: World) => PatientClient | 'alarm'

/**
 * In each stage clients deliver in the order that the stage's number gives; who has nothing to deliver, or is counted
 * in it already, is passed over. `alarm` lets the time pass until the coordinator wants to be woken.
 */
export const inOrder =
  (orderOf: (index: number) => readonly string[]): Plan =>
  ({ state: { stage } }, { crowd }) => {
    for (const name of orderOf(stage?.index ?? 0)) {
      if (name === 'alarm') return name
      const client = crowd.get(clientId(name))
      const counted = stage?.assignments.some(({ clientId: id, status }) => id === name && status === 'received')
      if (client !== undefined && !counted && client.owed.size > 0) return client
    }
    throw new Error(`nobody has anything to do in ${JSON.stringify(stage)}`)
  }

/**
 * A run from its beginning to its end, through as many lives of the coordinator as it takes: life n ends at its point
 * `deaths[n]`, the one after the last of them has no end. Clients come back after each death and first send again what
 * was not answered; then everything goes by the plan.
 *
 * @returns The points of the last life.
 */
export async function runThrough(world: World, plan: Plan, deaths: readonly number[] = []): Promise<readonly string[]> {
  for (let nth = 0; ; nth++) {
    const life = createLife(deaths[nth])
    const coordinator = coordinatorIn(world, life)
    await coordinator.start()
    await reunite(world, coordinator)
    await followPlan(world, coordinator, plan)
    if (!life.over) return life.points
    // A store that answers late has done what it was asked before the next coordinator asks.
    while (life.waiting > 0) await new Promise(setImmediate)
  }
}

/** A plan of more steps than this leads nowhere. */
const MOST_STEPS = 1000

async function reunite({ crowd }: World, coordinator: Coordinator): Promise<void> {
  const { life } = coordinator
  await coordinator.rest()
  for (const client of crowd.values()) {
    if (!life.over) await coordinator.join(client)
  }
  for (const client of crowd.values()) {
    for (const work of [...client.unanswered]) {
      if (!life.over) await coordinator.deliver(client, work)
    }
  }
  await coordinator.rest()
}

async function followPlan(world: World, coordinator: Coordinator, plan: Plan): Promise<void> {
  const { life } = coordinator
  for (let steps = 0; !life.over && coordinator.state.phase !== 'finished'; steps++) {
    if (steps > MOST_STEPS) throw new Error(`the run does not end: ${JSON.stringify(coordinator.state)}`)
    const next = plan(coordinator, world)
    if (next === 'alarm') world.clock.advanceTo(world.clock.nextWake()!)
    else await coordinator.deliver(next, [...next.owed.keys()][0])
    await coordinator.rest()
  }
}
