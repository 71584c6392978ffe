import { codecs } from '@tessera/codecs'
import { type Executor, openExecutor } from '@tessera/compiler'
import type { Clock, Log } from '@tessera/federation'
import { trainLayout } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { createEvaluator, type RunSpec, simulate } from '@tessera/runs'
import { readExamples } from '@tessera/trainer'
import { unwrap } from '@tessera/vocabulary'
import type { Terminal } from '../terminal.ts'

export interface BaselineSource {
  readonly spec: RunSpec
  readonly model: BaseModel
  /** JSONL by client name. */
  readonly clients: Readonly<Record<string, string>>
  /** JSONL of the test rows. */
  readonly test: string
}

export interface Baselines {
  readonly accuracyCentral: number
  readonly accuracyBestAlone: number
  /** By client name. */
  readonly accuracyAlone: Readonly<Record<string, number>>
}

/**
 * What one party reaches with as many optimizer steps as each client of the run takes in all: on the pooled data, and
 * on each client's own. One round without a break, the optimizer's state kept, everything else as in the run.
 */
export async function trainBaselines(source: BaselineSource, terminal: Terminal): Promise<Baselines> {
  const { executor } = await openExecutor('onnx-cpu')
  const bars = terminal.bars()
  const entries = Object.entries(source.clients)
  const bar = bars.add('baselines', entries.length + 1)
  try {
    const pooled = entries.map(([, jsonl]) => jsonl).join('')
    const accuracyCentral = await accuracyOf(source, executor, pooled)
    bar.set(1, 'central')
    const accuracyAlone: Record<string, number> = {}
    for (const [at, [name, jsonl]] of entries.entries()) {
      accuracyAlone[name] = await accuracyOf(source, executor, jsonl)
      bar.set(at + 2, name)
    }
    return { accuracyCentral, accuracyBestAlone: Math.max(...Object.values(accuracyAlone)), accuracyAlone }
  } finally {
    bars.stop()
    await executor.dispose()
  }
}

async function accuracyOf({ spec, model, test }: BaselineSource, executor: Executor, jsonl: string): Promise<number> {
  const alone = { spec: aloneSpec(spec), clients: { alone: jsonl } }
  const result = await simulate({ ...alone, model, executor, clock: CLOCK, log: SILENT })
  const subject = { executor, model, layout: trainLayout(result.record), frozen: result.frozen }
  const evaluator = createEvaluator(subject, unwrap(readExamples(test, spec.data)), spec.data)
  const { accuracy } = await evaluator.evaluate(result.coordinates)
  await evaluator.dispose()
  return accuracy ?? Number.NaN
}

/** The run of one party: all steps in one round, and its update as it is, for it is sent nowhere. */
export function aloneSpec(spec: RunSpec): RunSpec {
  const localSteps = spec.train.localSteps * spec.rounds.total
  return {
    ...spec,
    train: { ...spec.train, localSteps },
    rounds: { ...spec.rounds, total: 1, cohort: { size: 1, quorum: 1, overSelection: 1 } },
    codec: UNCHANGED,
    evaluation: null,
  }
}

const UNCHANGED = codecs.selection.parse({ codec: 'float32' })

/** A simulation of one client has no deadline to miss. */
const CLOCK: Clock = { now: Date.now, wakeAt: () => () => {} }
const SILENT: Log = { info() {}, warn() {}, error() {} }
