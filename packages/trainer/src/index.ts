export { type ActivationMomentsOptions, activationMoments } from './activation-moments.ts'
export type { AdaptedModel } from './adapted-model.ts'
export { rowsByLength } from './batches-by-length.ts'
export type { Cancellation } from './cancellation.ts'
export type { ChatMessage, ChatTemplate } from './chat-rendering.ts'
export {
  type ClassificationEvaluator,
  type ClassificationEvaluatorOptions,
  type ClassificationInput,
  type ClassificationResult,
  createClassificationEvaluator,
} from './classification-evaluator.ts'
export { type ClassificationSet, classificationSet } from './classification-set.ts'
export { type ClassificationSpec, type DataSpec, dataSpec } from './data-spec.ts'
export { type Example, labelsOf, type Prompt } from './example.ts'
export { type FullGradientOptions, fullGradients } from './full-gradient.ts'
export { type LabelTrie, labelTrie } from './label-trie.ts'
export {
  defineLocalOptimizer,
  type LocalOptimizer,
  type OptimizerPlace,
  type OptimizerRun,
  type TrainedMatrix,
} from './local-optimizer.ts'
export { localOptimizers } from './local-optimizers.ts'
export {
  type LocalRound,
  type LocalRoundOptions,
  type RoundMetrics,
  type RoundProgress,
  trainRound,
} from './local-round.ts'
export {
  type EvaluationProgress,
  evaluateLoss,
  type LossEvaluation,
  type LossEvaluationOptions,
} from './loss-evaluation.ts'
export { type Batch, type BatchShape, makeBatch } from './make-batch.ts'
export type { MomentPanel } from './moments-step.ts'
export { needsGradients } from './needs-gradients.ts'
export { trainedMatrices } from './optimizer-place.ts'
export { type ProbeRoundOptions, probeRound } from './probe-round.ts'
export { type ProbeRows, probeRows } from './probe-rows.ts'
export { readExamples } from './read-examples.ts'
export { type Schedule, schedule, scheduleFactor } from './schedule.ts'
export { type SubspaceRound, type SubspaceRoundOptions, subspaceRound } from './subspace-round.ts'
export { type TokenizedExample, type TokenizeOptions, tokenizeExamples } from './tokenize-examples.ts'
export {
  largestUpdate,
  type RoundPosition,
  requireOptimizerFits,
  roundFactors,
  type TrainSpec,
  trainSpec,
} from './train-spec.ts'
export {
  createTrainingSession,
  type LossAndGradient,
  type TrainingSession,
  type TrainingSessionOptions,
} from './training-session.ts'
export { trainingProgram } from './training-step.ts'
