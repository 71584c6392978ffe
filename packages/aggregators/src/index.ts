export {
  type Aggregator,
  type AggregatorDefinition,
  defineAggregator,
  type ExactnessClass,
  type Fold,
  type RuleProfile,
} from './aggregator.ts'
export { aggregators } from './aggregators.ts'
export {
  bulyan,
  centeredClipping,
  coordinateMedian,
  factorMean,
  fedexLora,
  flexlora,
  flora,
  geometricMedian,
  krum,
  multiKrum,
  normClipping,
  projectedMean,
  trimmedMean,
  weightedMean,
} from './aggregators-list.ts'
export { type Combination, checkCombination, isExactFor, type MethodTraits, rulesFor } from './combination.ts'
export type { BaseChange, CoordinateMatrix, FactorPair, FoldContext } from './fold-context.ts'
export { definePairRule, type PairRound, type PairRule, type PairValues, type Placement } from './pair-rule.ts'
export { defineRobustRule, type RobustRule } from './robust-rule.ts'
export type { HonestUpdates, Robustness } from './robustness.ts'
export {
  defineServerOptimizer,
  type ServerOptimizer,
  type ServerOptimizerState,
  type ServerStep,
} from './server-optimizer.ts'
export { decodeServerState, encodeServerState } from './server-optimizer-state.ts'
export { serverOptimizers } from './server-optimizers.ts'
export { serverAdagrad, serverAdam, serverMomentum, serverNone, serverYogi } from './server-optimizers-list.ts'
export type { WeightedUpdate } from './weighted-update.ts'
