import { type BlobHash, FedError } from '@tessera/vocabulary'
import { firstDifference } from './first-difference.ts'
import { type Difference, LogAltered } from './log-altered.ts'
import type { StageName, Workbench } from './ports.ts'
import { replayLog, startOf } from './replay-log.ts'
import type { RunArchive } from './run-archive.ts'
import type { RunPhase, RunState } from './run-state.ts'
import { type CheckedResult, ResultChecker } from './verify-results.ts'
import { drain, type Received, storedUpdates } from './verify-updates.ts'

/** What a check of a run finds, in the order of its log; a difference is the last. */
export type Finding =
  /** A pass, factors that needed no client, or a round, with all that belongs to it. */
  | ({
      readonly type: 'result'
      /** Number of the event that ended it. */
      readonly seq: number
      /** Null for factors that needed no client. */
      readonly stage: StageName | null
    } & CheckedResult)
  | ({ readonly type: 'difference' } & Difference)
  /** The log was read to its end, and leads to the stored state. */
  | {
      readonly type: 'end'
      readonly seq: number
      readonly head: BlobHash
      readonly phase: RunPhase
      /** The stage that has no result yet. */
      readonly open: { readonly stage: StageName; readonly updates: number } | null
    }

/** What whoever checks a run has besides it. */
export interface VerifyMeans {
  /** Where the base model is; what it can not compute for want of one, it refuses with 'not-verified'. */
  readonly workbench?: Workbench
  /** A head that was published: it must still be in the log. */
  readonly head?: BlobHash | null
}

/** All that needs the base model is refused. */
const NO_MODEL = new Proxy({} as Workbench, {
  get: () => async () => {
    throw new FedError('not-verified', 'the base model is not here')
  },
})

/**
 * Replay a run from its log: fold the events, compare every head of the chain, perform every duty of the coordinator
 * again over the kept updates, and compare the stored versions and the stored state. Ends at the first difference.
 */
export async function* verifyRun(archive: RunArchive, means: VerifyMeans = {}): AsyncGenerator<Finding, void> {
  try {
    yield* findings(archive, means)
  } catch (error) {
    if (!(error instanceof LogAltered)) throw error
    yield { type: 'difference', ...error.difference }
  }
}

async function* findings(
  archive: RunArchive,
  { workbench = NO_MODEL, head: published = null }: VerifyMeans,
): AsyncGenerator<Finding, void> {
  const checker = new ResultChecker(archive, workbench)
  const received = new Map<string, Received>()
  let state = startOf(archive)
  let met = published === null || published === state.head
  for await (const { row, before, after } of replayLog(archive)) {
    const { seq, event } = row
    if (event.type === 'update-received') received.set(event.assignmentId, { ...row, event })
    if (event.type === 'aborted' && before.stage !== null) await drain(storedUpdates(archive, before, received))
    const checked = await checker.check(before, row, received)
    if (checked !== null) yield { type: 'result', seq, stage: nameOf(before), ...checked }
    if (!sameStage(before, after)) received.clear()
    met ||= published === after.head
    state = after
  }
  requireEnd(archive, state)
  checker.requireNoOtherVersions(state)
  if (!met) throw rewritten(state, published)
  const { seq, head, phase } = state
  const stage = nameOf(state)
  if (stage !== null) await drain(storedUpdates(archive, state, received, { mayGrow: true }))
  yield { type: 'end', seq, head, phase, open: stage === null ? null : { stage, updates: received.size } }
}

function requireEnd({ state: stored }: RunArchive, state: RunState): void {
  const { seq } = state
  if (seq !== stored.seq) {
    const meaning = `the log ends with event ${seq}, and the stored state is that after event ${stored.seq}`
    throw new LogAltered({ seq: seq + 1 }, { field: 'seq', stored: null, recomputed: stored.seq, meaning })
  }
  const found = firstDifference(stored, state)
  if (found === null) return
  const meaning = 'the stored state is not what the log leads to'
  const difference = { stored: found.left ?? null, recomputed: found.right ?? null, meaning }
  throw new LogAltered({ seq }, { field: `state.${found.path}`, ...difference })
}

function rewritten({ seq, head }: RunState, published: BlobHash | null): LogAltered {
  const meaning = 'the head that was published is not in this log: it was written anew, or cut off'
  return new LogAltered({ seq }, { field: 'head', stored: head, recomputed: published, meaning })
}

const nameOf = ({ stage }: RunState): StageName | null =>
  stage === null ? null : { kind: stage.kind, index: stage.index }

const sameStage = (one: RunState, other: RunState): boolean =>
  one.stage?.kind === other.stage?.kind && one.stage?.index === other.stage?.index
