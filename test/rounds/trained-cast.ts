import type { Executor } from '@tessera/compiler'
import type { StoredMetric, Workbench } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { AssignmentRunner, createRunRecord, createWorkbench, gatherMaterials, parseRunSpec } from '@tessera/runs'
import { readExamples, tokenizeExamples } from '@tessera/trainer'
import { clientId, runId, unwrap } from '@tessera/vocabulary'
import type { Cast, ClientWork } from './mortal-federation.ts'

export interface TrainedSetting {
  readonly model: BaseModel
  readonly executor: Executor
  /** Lines of JSONL by client. */
  readonly rows: Readonly<Record<string, readonly string[]>>
  readonly test: readonly string[]
  /** Parts of the specification that are other ones. */
  readonly choices?: Readonly<Record<string, unknown>>
}

/**
 * Clients who train on a real model, four rounds after a federated sketch. Every piece of work is computed once: a
 * second request with the same inputs gets the same bytes, one with other inputs is computed and differs.
 */
export function trainedCast({ model, executor, rows, test, choices = {} }: TrainedSetting): Cast {
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 64 },
      adapter: { method: 'lora-sb', rank: 4 },
      targets: ['q_proj'],
      initialisation: { name: 'federated-sketch', oversample: 2, batches: 1 },
      train: { localSteps: 2, batchSize: 4 },
      rounds: { total: 4, cohort: { size: 3, quorum: 2 } },
      evaluation: { file: 'test', rows: test.length },
      ...choices,
    }),
  )
  const record = createRunRecord({ runId: runId('trained'), spec, model, files: [], createdAt: 0 })
  const runners = new Map(
    Object.entries(rows).map(([name, lines]) => {
      const examples = tokenizeExamples(unwrap(readExamples(lines.join('\n'), spec.data)), {
        tokenizer: model.tokenizer,
        maxLength: spec.data.maxLength,
      })
      return [name, new AssignmentRunner({ clientId: clientId(name), executor, model, examples })] as const
    }),
  )
  const work = once<Float32Array, Parameters<ClientWork>>(
    (client, { kind, round, pass, artefact, coordinates, baseChange }) => [
      ...[client, kind, round, pass],
      ...[artefact, coordinates, baseChange],
    ],
    async (client, assignment, read) => {
      const materials = await gatherMaterials(assignment, async (hash) => read(hash))
      const { update } = await runners.get(client)!.run({ assignment, materials, before: null })
      return update
    },
  )
  const workbench = createWorkbench({
    executor: async () => executor,
    model: async () => model,
    readText: async () => test.join('\n'),
    now: () => 0,
  })
  const evaluate = once<readonly StoredMetric[], Parameters<Workbench['evaluate']>>(
    (_record, { round, coordinates, baseChange }) => [
      round,
      hashBytes(new Uint8Array(coordinates.buffer)),
      baseChange && hashBytes(baseChange),
    ],
    workbench.evaluate,
  )
  const clients = Object.fromEntries(Object.entries(rows).map(([name, { length }]) => [name, length]))
  return { record, clients, work, workbench: { ...workbench, evaluate } }
}

/** The answer to the same question is remembered. */
function once<T, Question extends readonly unknown[]>(
  keyOf: (...question: Question) => readonly unknown[],
  answer: (...question: Question) => Promise<T>,
): (...question: Question) => Promise<T> {
  const known = new Map<string, Promise<T>>()
  return (...question) => {
    const key = JSON.stringify(keyOf(...question))
    const found = known.get(key) ?? answer(...question)
    known.set(key, found)
    return found
  }
}
