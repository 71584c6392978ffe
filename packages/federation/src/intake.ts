import { err, FedError, ok, type Result, type Update } from '@tessera/vocabulary'
import { namesWorkOf } from './assignment-name.ts'
import type { Store, StoredMetric, StoredUpdate } from './ports.ts'
import { type RunRecord, type RunState, roundOf, type Stage } from './run-state.ts'
import { placedNumbers, sentPart, withRanks } from './stage-layout.ts'
import { unpackUpdate } from './update-codec.ts'

/** What a client measured while it worked, by metric name. */
export type Measured = Readonly<Record<string, number>>

/** A client's measurements, as those of the round that it worked for. */
export function clientMetrics(
  { stage }: RunState,
  { assignmentId, clientId }: Pick<StoredUpdate, 'assignmentId' | 'clientId'>,
  measured: Measured,
  at: number,
): StoredMetric[] {
  const assignment = stage?.assignments.find(({ id }) => id === assignmentId)
  if (stage === null || assignment === undefined) return []
  const round = roundOf({ kind: stage.kind, index: assignment.givenIn })
  return Object.entries(measured).map(([name, value]) => ({ round, name, clientId, value, at }))
}

/** An update that was checked against everything the coordinator knows of its sender and the stage, and decoded. */
export function admitUpdate(record: RunRecord, state: RunState, update: StoredUpdate): Result<Update, FedError> {
  const { stage } = state
  if (stage === null) return err(new FedError('round-over', 'no round is under way'))
  const examples = state.members[update.clientId]?.examples ?? 0
  if (update.weight > examples) {
    const message = `weight ${update.weight} is more than the client's ${examples} examples`
    return err(new FedError('invalid-message', message, { details: { weight: update.weight, examples } }))
  }
  return decodeUpdate(withRanks(record, state), stage, update)
}

/** The update that the bytes stand for; membership may have changed since it was admitted, its stage has not. */
export function decodeUpdate(record: RunRecord, stage: Stage, update: StoredUpdate): Result<Update, FedError> {
  const given = stage.assignments.find(({ id }) => id === update.assignmentId)
  const index = given?.givenIn ?? stage.index
  const work = { spec: record.spec, kind: stage.kind, round: roundOf({ kind: stage.kind, index }) }
  const sent = unpackUpdate(work, update, sentPart(record, stage, given?.place).length)
  return sent.ok ? ok(placedNumbers(record, stage, { numbers: sent.value, place: given?.place })) : sent
}

/** An update that the run refuses is a success where it was stored before; else the reason stands. */
export async function knownOr(
  reason: FedError,
  { assignmentId, clientId, hash }: StoredUpdate,
  { record, store }: { readonly record: RunRecord; readonly store: Pick<Store, 'updateHash'> },
): Promise<Result<{ duplicate: boolean }, FedError>> {
  if (!namesWorkOf(assignmentId, record.runId, clientId)) {
    return err(new FedError('unknown-assignment', `${assignmentId} is no assignment of client ${clientId}`))
  }
  if (reason.code === 'round-closing') return err(reason)
  const known = await store.updateHash(assignmentId)
  return known === hash ? ok({ duplicate: true }) : err(reason)
}
