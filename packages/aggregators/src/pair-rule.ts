import { beside, type Matrix, matrix, scaled, toFloat32, transpose } from '@tessera/math'
import type { Coordinates, Update } from '@tessera/vocabulary'
import { z } from 'zod'
import { type Aggregator, defineAggregator, type ExactnessClass, type RuleProfile } from './aggregator.ts'
import { type BaseChange, type CoordinateMatrix, type FactorPair, type FoldContext, PLAIN } from './fold-context.ts'
import { type Conclusion, type KeptUpdates, keepingFold } from './keeping-fold.ts'
import { TRUSTING } from './robustness.ts'

/** The values of a factor pair: B [outDim, r] and A [r, inDim]. */
export interface PairValues {
  readonly B: Matrix
  readonly A: Matrix
}

/** One factor pair in a round: what the clients made of it, and where it may go. */
export interface PairRound {
  /** In canonical order; shares pᵢ = wᵢ / Σ w. */
  readonly clients: readonly (PairValues & { readonly share: number })[]
  /** What the mean update leads to: Σ pᵢ Bᵢ and Σ pᵢ Aᵢ. */
  readonly mean: PairValues
  readonly restart: PairValues
}

/** Where a pair shall be after the round, and how much of Σ pᵢ Bᵢ Aᵢ that leaves out, as squared norms. */
export interface Placement extends PairValues {
  readonly lost?: { readonly part: number; readonly whole: number }
}

/** A rule that goes by Σ pᵢ ΔWᵢ of factor pairs. */
export interface PairRule {
  readonly name: string
  readonly profile: Pick<RuleProfile, 'paper' | 'cost'>
  /** `base`: what the placed factors leave out is added to the base weight, so nothing is lost; `nowhere`: it is lost. */
  readonly rest: 'base' | 'nowhere'
  place(round: PairRound): Placement
}

const LINEAR: readonly ExactnessClass[] = ['linear', 'linear-if-frozen']

/** An aggregator that places factor pairs by their products; all other coordinates get their exact weighted mean. */
export function definePairRule(rule: PairRule): Aggregator {
  const exact = rule.rest === 'base'
  return defineAggregator({
    name: rule.name,
    config: z.object({}),
    profile: {
      ...rule.profile,
      exactFor: exact ? [...LINEAR, 'product'] : LINEAR,
      inexact: exact ? 'refused' : 'measured',
      reads: 'factor-pairs',
      gives: 'place',
      keeps: 'updates',
      weights: 'used',
    },
    robustness: TRUSTING,
    begin: (grid, _config, context = PLAIN) => keepingFold(grid, (kept) => conclude(rule, context, kept)),
  })
}

function conclude(rule: PairRule, context: FoldContext, { updates, sum }: KeptUpdates): Conclusion {
  const update = sum.mean()
  const total = sum.totalWeight
  let [part, whole] = [0, 0]
  const rest = context.pairs.flatMap((pair) => {
    const read = pairReader(pair, context.received)
    const clients = updates.map((own) => ({ share: own.weight / total, ...read(own.update) }))
    const restart = pairReader(pair, context.restart)()
    const placed = rule.place({ clients, mean: read(update), restart })
    writeInto(update, pair, placed, context.received)
    part += placed.lost?.part ?? 0
    whole += placed.lost?.whole ?? 0
    return rule.rest === 'base' ? [restOf(pair, clients, rounded(read(update)))] : []
  })
  if (rule.rest === 'base') return { update, rest }
  return { update, measures: { 'truncation-error': whole === 0 ? 0 : Math.sqrt(part / whole) } }
}

/** Reads a pair from coordinates, or from what they become by an update. */
function pairReader({ B, A }: FactorPair, from: Coordinates): (update?: Update) => PairValues {
  const read = ({ offset, rows, cols }: CoordinateMatrix, update: Update | undefined): Matrix => {
    const values = Float64Array.from(from.subarray(offset, offset + rows * cols))
    return matrix(rows, cols, update === undefined ? values : values.map((value, at) => value + update[offset + at]!))
  }
  return (update) => ({ B: read(B, update), A: read(A, update) })
}

/** The update that leads from the received coordinates to the placed ones. */
function writeInto(update: Update, pair: FactorPair, placed: PairValues, received: Coordinates): void {
  for (const name of ['B', 'A'] as const) {
    const { offset } = pair[name]
    for (const [at, value] of placed[name].data.entries()) update[offset + at] = value - received[offset + at]!
  }
}

/** Σ pᵢ s Bᵢ Aᵢ − s B A = [p₁ s B₁ … pₙ s Bₙ, −s B] [A₁; …; Aₙ; A], for the B and A after the round. */
function restOf({ site, scale }: FactorPair, clients: PairRound['clients'], after: PairValues): BaseChange {
  const terms = clients.map(({ share, B, A }) => ({ B: scaled(B, scale * share), A }))
  if (after.B.data.some((value) => value !== 0)) terms.push({ B: scaled(after.B, -scale), A: after.A })
  const left = beside(terms.map(({ B }) => B))
  const right = transpose(beside(terms.map(({ A }) => transpose(A))))
  return { site, rank: left.cols, left: toFloat32(left), right: toFloat32(right) }
}

/** As the coordinates hold it. */
const rounded = ({ B, A }: PairValues): PairValues => ({
  B: { ...B, data: B.data.map(Math.fround) },
  A: { ...A, data: A.data.map(Math.fround) },
})
