import type { AdapterLayout, FactorSet } from '@tessera/adapters'
import type { Executor } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import {
  type Cancellation,
  classificationSet,
  createClassificationEvaluator,
  createTrainingSession,
  type DataSpec,
  type EvaluationProgress,
  type Example,
  evaluateLoss,
  tokenizeExamples,
} from '@tessera/trainer'
import type { Coordinates } from '@tessera/vocabulary'

export interface EvaluationSubject {
  readonly executor: Executor
  readonly model: BaseModel
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
}

export interface EvaluationResult {
  readonly rows: number
  /** Nats a completion token. */
  readonly loss: number
  /** Part of the rows whose label ranks first; null for data without labels. */
  readonly accuracy: number | null
}

/** Measures one adapted model on one set of rows, again and again as its coordinates change. */
export interface Evaluator {
  evaluate(coordinates: Coordinates, reports?: EvaluationReports): Promise<EvaluationResult>
  dispose(): Promise<void>
}

export interface EvaluationReports {
  readonly onProgress?: (progress: EvaluationProgress) => void
  readonly signal?: Cancellation
}

const BATCH_SIZE = 16

/** @throws {FedError} `empty-data`, `invalid-data`: see the trainer's evaluations. */
export function createEvaluator(subject: EvaluationSubject, examples: readonly Example[], data: DataSpec): Evaluator {
  return data.format === 'classification' ? byRanking(subject, examples, data) : byLoss(subject, examples, data)
}

function byRanking(
  subject: EvaluationSubject,
  rows: readonly Example[],
  data: Extract<DataSpec, { format: 'classification' }>,
): Evaluator {
  const { trie, examples } = classificationSet(rows, data, subject.model.tokenizer)
  const evaluator = createClassificationEvaluator({ ...subject, trie, batchSize: BATCH_SIZE })
  return {
    evaluate: (coordinates, reports = {}) => evaluator.evaluate({ examples, coordinates, ...reports }),
    dispose: evaluator.dispose,
  }
}

function byLoss(subject: EvaluationSubject, rows: readonly Example[], { maxLength }: DataSpec): Evaluator {
  const session = createTrainingSession(subject)
  const examples = tokenizeExamples(rows, { tokenizer: subject.model.tokenizer, maxLength })
  return {
    async evaluate(coordinates, reports = {}) {
      const { loss, rows } = await evaluateLoss({ session, examples, coordinates, batchSize: BATCH_SIZE, ...reports })
      return { loss, rows, accuracy: null }
    },
    dispose: () => session.dispose(),
  }
}
