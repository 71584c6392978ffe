export { momentsLength, readMoments } from './activation-moments.ts'
export { activeLayout, type RoundOptions } from './active-layout.ts'
export {
  type AdapterMethod,
  defineAdapter,
  type Needs,
  type RoundPlace,
  type StartContext,
  takesSpectrum,
} from './adapter-method.ts'
export type { Chain } from './chain.ts'
export { chainAdapter } from './chain-adapter.ts'
export { type AdaptedSite, deltaWeight, merge, mergedLayer, unmerge } from './delta-weight.ts'
export { type DerivationOptions, derivedFactors } from './derived-factors.ts'
export { type DerivationSource, type Exactness, type Factor, type SiteFactors, sizeOf } from './factor.ts'
export { passesOf, passOutcome, passProbe } from './federated-passes.ts'
export { type Float64Tensor, float64Ops, float64Tensor } from './float64-ops.ts'
export {
  defineInitialisation,
  type Initialisation,
  type SiteContext,
  type SiteRequest,
  type Source,
} from './initialisation.ts'
export { initialisations } from './initialisations.ts'
export { type KeptRanks, keepRanks, rankedSegments } from './kept-ranks.ts'
export {
  type AdapterLayout,
  createLayout,
  type FactorSet,
  factorKey,
  flatten,
  frozenFactors,
  layoutOf,
  type RankedSite,
  type Segment,
  sentFactors,
  siteFactors,
  siteOptions,
  unflatten,
} from './layout.ts'
export { leadingBlock } from './leading-block.ts'
export { type Measured, measuredInFull } from './measured.ts'
export type { DataPlace, FederatedPlace, Measurement, Statistic } from './measurement.ts'
export { adapterMethods } from './methods.ts'
export { addPenaltyInto } from './penalty.ts'
export type { PassOutcome, Probe, SitePass } from './probe.ts'
export { firstRanks } from './rank-budget.ts'
export { rankPolicies } from './rank-policies.ts'
export type { RankDecision, RankedRound, RankMemory, RankPlan, RankPolicy } from './rank-policy.ts'
export type { LayerTensors, MergedLayer, SiteAdapter, SiteTensors, TrainedPair } from './site-adapter.ts'
export type { Spectrum } from './spectrum.ts'
export type { MatMulFlags, Shape, TensorOps } from './tensor-ops.ts'
