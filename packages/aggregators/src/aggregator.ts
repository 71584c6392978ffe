import type { Segment, SumGrid } from '@tessera/math'
import { type FedError, type Result, type Update, unwrap } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { BaseChange, FoldContext } from './fold-context.ts'
import { gridFor } from './grid-for.ts'
import type { Robustness } from './robustness.ts'
import type { WeightedUpdate } from './weighted-update.ts'

/** An aggregation in progress. Its memory is one sum, or every update, as the rule's `keeps` says. */
export interface Fold {
  readonly count: number
  readonly totalWeight: number
  /**
   * Add one update; the caller may use its array again. After an error nothing has been added and the fold goes on.
   * Errors: `shape-mismatch`, `not-finite`, `grid-overflow` (a value or the total weight beyond the grid),
   * `invalid-argument` (the weight is not a positive integer).
   */
  add(update: Update, weight: number): Result<void, FedError>
  /** Largest |value| added, one a segment, 0 before the first: the next round's grid is chosen from it. */
  maxAbs(): Float64Array
  /**
   * The aggregated update. The fold may go on afterwards.
   *
   * @throws {FedError} `invalid-argument`: nothing was added; `too-few-clients`: fewer than the rule needs.
   */
  finish(): Update
  /**
   * What the mean weight change has beyond the coordinates after `finish`: it is added to the base weights. Absent where
   * the rule leaves nothing. Throws like `finish`.
   */
  rest?(): readonly BaseChange[]
  /** What the rule can tell of the result, by metric name. Throws like `finish`. */
  measures?(): Readonly<Record<string, number>>
}

/** When the mean of coordinates is the mean of weight changes, by class of trained coordinates; see the adapters. */
export type ExactnessClass = 'linear' | 'linear-if-frozen' | 'product' | 'manifold'

/** What there is to know of a rule before it runs. */
export interface RuleProfile {
  /** Authors, year and address. */
  readonly paper: string
  /** The classes of coordinates for which the rule's result is that of aggregating the weight changes themselves. */
  readonly exactFor: readonly ExactnessClass[]
  /** What becomes of all other coordinates: the rule is not for them, or the gap is measured in every round. */
  readonly inexact: 'refused' | 'measured'
  /** What the rule goes by: the updates as vectors, or products of factor pairs, or lines, of which it then needs some. */
  readonly reads: 'updates' | 'factor-pairs' | 'lines'
  /**
   * `step`: an update, which a server optimizer may take further. `place`: where the coordinates have to be, to fit each
   * other and the base weights; nobody may move them, or add an update that began elsewhere.
   */
  readonly gives: 'step' | 'place'
  /** What a fold holds: one sum, or a copy of every update until it ends. */
  readonly keeps: 'sum' | 'updates'
  /**
   * Whether an update of weight 3 counts as three of weight 1. A rule that counts attackers must ignore weights: a
   * client states its own.
   */
  readonly weights: 'used' | 'ignored'
  /** Time for n updates of p coordinates. */
  readonly cost: string
}

/** What a rule is: data and the start of a fold. Membership, deadlines and storage belong to the state machine. */
export interface AggregatorDefinition<Config extends z.ZodObject> {
  readonly name: string
  readonly config: Config
  readonly profile: RuleProfile
  readonly robustness: Robustness<z.output<Config>>
  /**
   * An empty fold. Everyone who folds the same updates on the same grid gets the same bytes.
   *
   * @param context For rules that read factor pairs or lines; without it there are none.
   */
  begin(grid: SumGrid, config: z.output<Config>, context?: FoldContext): Fold
}

export interface Aggregator<Config extends z.ZodObject = z.ZodObject> extends AggregatorDefinition<Config> {
  /**
   * Fold a list in one call, on the finest grid that holds it, with the rule's default options.
   *
   * @param length Number of coordinates of every update.
   * @param segments Stretches with a grid of their own; one for all coordinates by default.
   * @throws {FedError} The errors of `add` and `finish`; `invalid-argument` for an empty list.
   * @example weightedMean.aggregate([{ update: Float32Array.of(1, 0), weight: 1 }], 2) // [1, 0]
   */
  aggregate(
    updates: readonly WeightedUpdate[],
    length: number,
    segments?: readonly Pick<Segment, 'offset' | 'length'>[],
  ): Update
}

/** An aggregator from its definition; `aggregate` is the same for all. */
export function defineAggregator<Config extends z.ZodObject>(
  definition: AggregatorDefinition<Config>,
): Aggregator<Config> {
  return {
    ...definition,
    aggregate(updates, length, segments = [{ offset: 0, length }]) {
      const fold = definition.begin(gridFor(updates, segments), definition.config.parse({}))
      for (const { update, weight } of updates) unwrap(fold.add(update, weight))
      return fold.finish()
    },
  }
}
