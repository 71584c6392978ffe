import { dutyOf, type RunEvent, type RunRecord, type RunState } from '@tessera/federation'
import { assignmentId, type ClientId, clientId } from '@tessera/vocabulary'
import fc from 'fast-check'
import { hashNamed, type StorySpec, storyRecord } from './run-story.ts'

/** The clients of a history. */
export const HISTORY_CLIENTS: readonly ClientId[] = ['a', 'b', 'c', 'd', 'e'].map(clientId)

/** One thing that happens next; what it is about is chosen when the state is known. */
export interface Happening {
  readonly what: RunEvent['type'] | 'delivery' | 'duty'
  readonly client: number
  readonly elapsedMs: number
}

/** What happens, each as often as it is listed: what moves a run on more often than what disturbs it. */
const WHAT: readonly Happening['what'][] = [
  ...Array<'duty'>(8).fill('duty'),
  ...Array<'delivery'>(12).fill('delivery'),
  ...Array<'client-joined'>(4).fill('client-joined'),
  ...Array<'client-left'>(3).fill('client-left'),
  ...Array<'deadline-passed'>(3).fill('deadline-passed'),
  ...(['update-received', 'assignment-failed', 'assignment-failed', 'paused', 'resumed', 'restarted'] as const),
  ...(['pass-reduced', 'factors-made', 'aggregated', 'committed'] as const),
]
const ELAPSED = [0, 0, 0, 1, 301, 1000]
const KINDS = WHAT.length * HISTORY_CLIENTS.length * ELAPSED.length

/**
 * What happens in a run, and the rare thing that ends it, as small numbers: quick to draw and to shrink. Some clients
 * are there from the start.
 */
export const happenings = (maxLength: number): fc.Arbitrary<readonly Happening[]> =>
  fc
    .tuple(fc.nat(HISTORY_CLIENTS.length), fc.array(fc.nat(KINDS), { maxLength, size: 'max' }))
    .map(([there, numbers]) => [...JOINS.slice(0, there), ...numbers.map(happeningOf)])

const JOINS = HISTORY_CLIENTS.map((_, client): Happening => ({ what: 'client-joined', client, elapsedMs: 0 }))

function happeningOf(number: number): Happening {
  const [client, elapsed] = [number % HISTORY_CLIENTS.length, Math.floor(number / HISTORY_CLIENTS.length)]
  const what = WHAT[Math.floor(elapsed / ELAPSED.length)] ?? 'aborted'
  return { what, client, elapsedMs: ELAPSED[elapsed % ELAPSED.length]! }
}

/** Runs over every way of working; those of the same choices are the same object. */
export const historyRecords: fc.Arbitrary<RunRecord> = fc
  .record({
    size: fc.integer({ min: 1, max: 4 }),
    missing: fc.integer({ min: 0, max: 3 }),
    attempts: fc.integer({ min: 1, max: 2 }),
    overSelection: fc.constantFrom(1, 1.5, 2),
    softMs: fc.constantFrom(300, 1000),
    initialisation: fc.constantFrom('weights' as const, 'federated-sketch' as const),
    way: fc.constantFrom('discard' as const, 'next-round' as const, 'buffered' as const, 'buffered' as const),
    bufferMissing: fc.integer({ min: 0, max: 2 }),
    maxStaleness: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ size, missing, way, bufferMissing, maxStaleness, overSelection, softMs, ...rest }) => {
    const shared = { size, total: 3, deadline: { softMs, hardMs: 1000 }, ...rest }
    if (way !== 'buffered') {
      const mode = { kind: 'sync' as const, onLate: way }
      return recordOf({ ...shared, quorum: Math.max(1, size - missing), overSelection, mode })
    }
    const bufferSize = Math.max(1, size - bufferMissing)
    const mode = { kind: 'buffered' as const, bufferSize, staleness: 'inverse-sqrt' as const, maxStaleness }
    return recordOf({ ...shared, quorum: Math.max(1, bufferSize - missing), mode })
  })

const RECORDS = new Map<string, RunRecord>()
function recordOf(spec: StorySpec): RunRecord {
  const key = JSON.stringify(spec)
  const record = RECORDS.get(key) ?? storyRecord(spec)
  RECORDS.set(key, record)
  return record
}

const HASH = hashNamed('made')
type Maker = (state: RunState, client: number) => RunEvent
const MAKERS: Readonly<Record<RunEvent['type'], Maker>> = {
  'client-joined': (_, client) => ({
    type: 'client-joined',
    clientId: HISTORY_CLIENTS[client]!,
    examples: 10 + client,
  }),
  'client-left': ({ seq }, client) => {
    return { type: 'client-left', clientId: HISTORY_CLIENTS[client]!, how: seq % 2 === 0 ? 'left' : 'lost' }
  },
  'update-received': (state, client) => ({ type: 'update-received', ...anyWork(state, client), weight: 3, hash: HASH }),
  'assignment-failed': (state, client) => ({ type: 'assignment-failed', ...anyWork(state, client), reason: 'broken' }),
  'deadline-passed': () => ({ type: 'deadline-passed' }),
  'pass-reduced': () => ({ type: 'pass-reduced', panel: HASH }),
  'factors-made': () => ({ type: 'factors-made', factors: HASH, coordinates: HASH }),
  'aggregated': ({ stage }) => {
    const coordinates = hashNamed(`${stage?.index}`)
    return { type: 'aggregated', coordinates, largestUpdate: [0.5], updateNorm: 0.5 }
  },
  'committed': () => ({ type: 'committed' }),
  'paused': (_, client) => ({ type: 'paused', cause: client === 0 ? 'disk-full' : 'asked', reason: 'asked to' }),
  'resumed': () => ({ type: 'resumed' }),
  'aborted': () => ({ type: 'aborted', reason: 'asked to' }),
  'restarted': () => ({ type: 'restarted' }),
}

/** Some assignment, whatever has become of it, and sometimes from a client that it does not belong to. */
function anyWork({ stage }: RunState, client: number) {
  const own = stage?.assignments[client]
  const id = own?.id ?? assignmentId(`run-1.train-1.${HISTORY_CLIENTS[client]}`)
  return {
    assignmentId: id,
    clientId: client === 4 ? HISTORY_CLIENTS[0]! : (own?.clientId ?? HISTORY_CLIENTS[client]!),
  }
}

/** The event that a happening is in this state; where nobody has anything to deliver, what brings the run on. */
export function eventOf(state: RunState, { what, client }: Pick<Happening, 'what' | 'client'>): RunEvent {
  if (what !== 'duty' && what !== 'delivery') return MAKERS[what](state, client)
  const open = state.stage?.assignments.filter(({ status }) => status === 'open') ?? []
  const work = open[client % open.length]
  if (dutyOf(state) !== null && (what === 'duty' || work === undefined)) return dutyDone(state)
  if (work !== undefined) return updateFor(work)
  return state.phase === 'paused' ? MAKERS.resumed(state, client) : MAKERS['client-joined'](state, client)
}

/** What the coordinator does about its duty, as its engine would. */
export function dutyDone(state: RunState): RunEvent {
  const duty = dutyOf(state)
  if (duty === 'commit') return MAKERS.committed(state, 0)
  if (duty === 'aggregate') return MAKERS.aggregated(state, 0)
  const firstPass = duty === 'reduce-pass' && state.stage?.index === 0
  return firstPass ? MAKERS['pass-reduced'](state, 0) : MAKERS['factors-made'](state, 0)
}

/** The arrival of the update that this assignment asks for. */
export const updateFor = ({ id, clientId: from }: NonNullable<RunState['stage']>['assignments'][number]): RunEvent => ({
  type: 'update-received',
  assignmentId: id,
  clientId: from,
  weight: 3,
  hash: HASH,
})
