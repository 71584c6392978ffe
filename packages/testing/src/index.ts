export { allocatedBytes } from './allocated-bytes.ts'
export { archiveRun, collect, withRows, withUpdates } from './archived-run.ts'
export { type Attack, aLittleIsEnough, attacks, distanceOf, honestUpdates, meanOf } from './attacks.ts'
export { averagingGap, expectDeclaredExactness } from './averaging-gap.ts'
export { breakdownPoint, CROWD } from './breakdown-point.ts'
export { descentProduct, pooledDescent } from './descent-product.ts'
export { type AdapterPaper, describeAdapter } from './describe-adapter.ts'
export { describeAggregator } from './describe-aggregator.ts'
export { describeCodec } from './describe-codec.ts'
export { type DecoderUnderTest, describeDecoder } from './describe-decoder.ts'
export { describeInitialisation, type InitialisationPaper, type StartingPoint } from './describe-initialisation.ts'
export { describeKernelRules, expectClose, type KernelCase, type KernelExample } from './describe-kernel-rules.ts'
export { describeRankPolicy } from './describe-rank-policy.ts'
export { aggregateUnderAttack, type RuleUnderAttack, spreadOf } from './describe-robustness.ts'
export { describeServerOptimizer } from './describe-server-optimizer.ts'
export { describeStore } from './describe-store.ts'
export { describeSubspace, INNER_LENGTH, innerVector, quadraticWork, symmetricDraw } from './describe-subspace.ts'
export { Draw, type DrawnTensor } from './draw.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export { happenings, historyRecords } from './history-script.ts'
export {
  type AssignmentMessage,
  type ClientWork,
  coordinatesByHand,
  createFederation,
  examplesOf,
  FEDERATION_CLIENTS,
  FEDERATION_SITES,
  type FederationParts,
  type InProcessFederation,
  knownFactors,
  knownUpdate,
  packUpdate,
} from './in-process-federation.ts'
export { createLife, type Life } from './life.ts'
export { mortalPorts } from './mortal-ports.ts'
export { mortalStore } from './mortal-store.ts'
export { mutatedBytes } from './mutated-bytes.ts'
export { createRecordingLog, type LogLine } from './recording-log.ts'
export { createRecordingObserver, type RecordingObserver } from './recording-observer.ts'
export { createRecordingTransport, type RecordingTransport } from './recording-transport.ts'
export { playHistory } from './run-history.ts'
export { sampleCommit, sampleHash, sampleRecord, sampleState } from './run-sample.ts'
export {
  aggregated,
  committed,
  createStory,
  deadlinePassed,
  factorsMade,
  failureOf,
  hashNamed,
  inRoundOne,
  joined,
  left,
  linesOf,
  lost,
  passReduced,
  paused,
  type RunStory,
  restarted,
  resumed,
  type StorySpec,
  statusesOf,
  storyRecord,
  told,
  updateOf,
} from './run-story.ts'
export type { StoreUnderTest } from './store-under-test.ts'
export { pooledClient, type SyntheticClient, secondMoment, sketchedBy, weightedMean } from './synthetic-client.ts'
export { exactSpectrum, matrixOfSpectrum, randomMatrix, testRandom } from './synthetic-matrix.ts'
export { type BlockSize, SMALL_BLOCK, transformerBlock, transformerBlockInputs } from './transformer-block.ts'
