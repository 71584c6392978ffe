export { type AdapterReplay, createAdapterReplay, requireSchedule, subspaceReplay } from './adapter-replay.ts'
export { checkAggregation, methodTraits, ruleOf } from './aggregation.ts'
export { aggregationGap } from './aggregation-gap.ts'
export { decodeLog, decodeUpdates, encodeLog, encodeUpdates } from './archive-stream.ts'
export { decodeCoordinates, decodeFactors, encodeCoordinates, encodeFactors } from './artefacts.ts'
export { addBaseChanges, type BaseChange, changedWeight, decodeBaseChanges, encodeBaseChanges } from './base-change.ts'
export { checkRankPolicy } from './check-rank-policy.ts'
export { checkReceipt, type ProvenReceipt, type ReceiptEvidence } from './check-receipt.ts'
export { checkSubspace } from './check-subspace.ts'
export { drawCohort } from './cohort.ts'
export { defaultAggregator, defaultDownlink, defaultInitialisation } from './default-parts.ts'
export { checkDownlink, type ReceivedStep, takeStep } from './downlink.ts'
export { type Duty, dutyOf } from './duty.ts'
export type { Effect } from './effects.ts'
export { Engine } from './engine.ts'
export { type ClientWork, feedsBack, invalidResidual, packWithResidual, type Residual } from './error-feedback.ts'
export { type FederationSpec, federationSpec } from './federation-spec.ts'
export { decodeFrozen, withArtefactRanks } from './frozen-factors.ts'
export { initialState } from './initial-state.ts'
export { innerResidual, packSought, type Sought } from './inner-feedback.ts'
export type { Difference } from './log-altered.ts'
export { createMemoryStore, type MemoryStore } from './memory-store.ts'
export type {
  Blob,
  Clock,
  Commit,
  Log,
  LoggedEvent,
  Observer,
  Ports,
  StageName,
  Store,
  StoredMetric,
  StoredUpdate,
  StoredVersion,
  Transport,
  Workbench,
} from './ports.ts'
export { makeReceipt, type Receipt } from './receipt.ts'
export { spectraOf, startFactors } from './reduction.ts'
export { requireStart } from './require-start.ts'
export { type ArchiveStore, archiveOf, type RunArchive } from './run-archive.ts'
export type { RunEvent, RunEventType, TimedEvent } from './run-events.ts'
export { chain, genesis } from './run-log.ts'
export {
  type Assignment,
  type Member,
  type ModelFile,
  type PauseCause,
  RUN_PHASES,
  type RunPhase,
  type RunRecord,
  type RunState,
  roundOf,
  type Stage,
} from './run-state.ts'
export {
  adapterLayout,
  dataPlaceOf,
  initialisationOf,
  largestRanks,
  methodOf,
  passCount,
  passProbes,
  probeLayout,
  roundLayout,
  type StageSetting,
  siteContext,
  sourceOf,
  stageLayout,
  trainLayout,
  withRanks,
} from './stage-layout.ts'
export type { DataUsed, SiteRanks, Start } from './start.ts'
export { frameOf, subspaceFeedsBack, subspaceSetting } from './stretches.ts'
export { NEXT, type Transition, transition } from './transition.ts'
export { largestRead, type PackedUpdate, packUpdate, type UpdateWork } from './update-codec.ts'
export { stepFloorBytes, updateFloorBytes } from './update-floor.ts'
export { type Finding, type VerifyMeans, verifyRun } from './verify-run.ts'
export { type Waiting, waitsFor } from './waits-for.ts'
