import type { Executor } from '@tessera/compiler'
import {
  adapterLayout,
  createAdapterReplay,
  decodeBaseChanges,
  decodeFrozen,
  type RunRecord,
  type StoredMetric,
  type Workbench,
} from '@tessera/federation'
import { createRandomStream } from '@tessera/math'
import type { BaseModel } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { type Example, labelsOf, readExamples } from '@tessera/trainer'
import { type RunId, unwrap } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'
import { centralStart } from './central-start.ts'
import { changedModel } from './changed-model.ts'
import { createEvaluator, type Evaluator } from './evaluate-adapter.ts'
import type { RunSpec } from './run-spec.ts'

/** What the coordinator's own work needs from outside. */
export interface WorkbenchTools {
  /** Opened on first use: a coordinator without evaluation or calibration computes nothing. */
  readonly executor: () => Promise<Executor>
  readonly model: (record: RunRecord) => Promise<BaseModel>
  readonly readText: (file: string) => Promise<string>
  readonly now: () => number
}

/** The work at the coordinator that needs the base model: central initialisations and evaluation. */
export function createWorkbench(tools: WorkbenchTools): Workbench {
  const evaluators = new Map<RunId, OpenEvaluator>()
  return {
    makeFactors: async (record) => centralStart(record, { ...tools, model: await tools.model(record) }),
    weightOf: async (record) => baseWeights(await tools.model(record)),
    async evaluate(record, { round, coordinates, ...parts }) {
      const spec = record.spec as RunSpec
      const { evaluation } = spec
      const last = round === spec.rounds.total
      if (evaluation === null || (round % evaluation.every !== 0 && !last)) return []
      const subject = subjectOf(parts)
      const open = evaluators.get(record.runId)
      if (open !== undefined && open.subject !== subject) await (await open.evaluator).dispose()
      const evaluator = open?.subject === subject ? open.evaluator : openEvaluator(record, parts, tools)
      evaluators.set(record.runId, { subject, evaluator })
      const result = await (await evaluator).evaluate(coordinates)
      if (last) {
        evaluators.delete(record.runId)
        await (await evaluator).dispose()
      }
      return metricsOf(result, round, tools.now())
    },
  }
}

/** An evaluator, and what it stays open for as long as only coordinates change. */
interface OpenEvaluator {
  readonly subject: string
  readonly evaluator: Promise<Evaluator>
}

const subjectOf = ({ factors, baseChange }: VersionParts): string =>
  [factors, ...(baseChange === null ? [] : [baseChange])].map(hashBytes).join(' ')

function metricsOf(result: { loss: number; accuracy: number | null }, round: number, at: number): StoredMetric[] {
  const shared = { round, clientId: null, at }
  const loss = { ...shared, name: 'eval-loss', value: result.loss }
  return result.accuracy === null ? [loss] : [loss, { ...shared, name: 'eval-accuracy', value: result.accuracy }]
}

interface VersionParts {
  readonly factors: Uint8Array
  readonly baseChange: Uint8Array | null
}

async function openEvaluator(
  record: RunRecord,
  { factors, baseChange }: VersionParts,
  tools: WorkbenchTools,
): Promise<Evaluator> {
  const spec = record.spec as RunSpec
  const { file, rows } = spec.evaluation as NonNullable<RunSpec['evaluation']>
  const all = unwrap(readExamples(await tools.readText(file), spec.data))
  const random = createRandomStream({ seed: spec.seed, purpose: 'evaluation', round: 0, client: 0, block: 0 })
  const examples = random.sample(all, Math.min(rows, all.length))
  const model = await tools.model(record)
  const weightOf = baseWeights(model)
  const frozen = unwrap(decodeFrozen(record, factors, weightOf))
  const changes = baseChange === null ? [] : unwrap(decodeBaseChanges(baseChange, record.sites))
  const subject = {
    executor: await tools.executor(),
    model: changedModel(model, record.sites, changes),
    layout: adapterLayout(record),
    frozen,
  }
  const evaluator = createEvaluator(subject, examples, withLabels(spec.data, all))
  const replay = createAdapterReplay(record, { frozen, weightOf })
  return { ...evaluator, evaluate: (coordinates, reports) => evaluator.evaluate(replay.at(coordinates), reports) }
}

/** A drawn part of the rows is ranked against the labels of all of them. */
function withLabels(data: RunSpec['data'], all: readonly Example[]): RunSpec['data'] {
  return data.format === 'classification' ? { ...data, labels: data.labels ?? labelsOf(all) } : data
}
