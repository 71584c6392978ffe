/** Staleness weights of asynchronous rounds. Nguyen et al. 2022, FedBuff (https://arxiv.org/abs/2106.06639). */
import { FedError } from '@tessera/vocabulary'
import type { StoredUpdate } from './ports.ts'
import type { RunRecord, Stage } from './run-state.ts'

type Discount = 'constant' | 'inverse-sqrt' | 'inverse'

/** s(t) in units of 1/256: so fine that the mean follows s(t) to a part in a hundred, so coarse that sums stay exact. */
const UNIT = 256

/**
 * max(1, round(256 · s(t))), an integer: how much an update counts that was trained t versions ago, with s(t) = 1,
 * 1 / sqrt(1 + t) or 1 / (1 + t). Only exactly rounded operations, so every machine gets the same integer.
 *
 * @param staleness t, versions between the coordinates it started from and those it is added to; an integer >= 0.
 * @example stalenessFactor('inverse-sqrt', 1) // 181
 */
export function stalenessFactor(discount: Discount, staleness: number): number {
  if (discount === 'constant') return UNIT
  const divisor = discount === 'inverse' ? 1 + staleness : Math.sqrt(1 + staleness)
  return Math.max(1, Math.round(UNIT / divisor))
}

/** What the weights of a stage are multiplied with at most: 1 where nothing is stale. */
export function largestFactor(record: RunRecord, stage: Pick<Stage, 'kind'>): number {
  return discountOf(record, stage) === null ? 1 : UNIT
}

/**
 * The integer that multiplies an update in the exact sum of its stage: its examples, in a buffered round times the
 * staleness factor of the assignment that it answers.
 *
 * @throws {FedError} `unknown-assignment`: the stage has no such assignment.
 */
export function exactWeight(
  record: RunRecord,
  stage: Stage,
  { assignmentId: id, weight }: Pick<StoredUpdate, 'assignmentId' | 'weight'>,
): number {
  const assignment = stage.assignments.find((candidate) => candidate.id === id)
  if (assignment === undefined) throw new FedError('unknown-assignment', `the stage has no assignment ${id}`)
  const discount = discountOf(record, stage)
  return discount === null ? weight : weight * stalenessFactor(discount, stage.index - assignment.givenIn)
}

function discountOf({ spec: { rounds } }: RunRecord, { kind }: Pick<Stage, 'kind'>): Discount | null {
  return kind === 'train' && rounds.mode.kind === 'buffered' ? rounds.mode.staleness : null
}
