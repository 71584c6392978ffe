import { adapterMethods } from '@tessera/adapters'
import { defaultAggregator, defaultDownlink, defaultInitialisation, federationSpec } from '@tessera/federation'
import { dataSpec, trainSpec } from '@tessera/trainer'
import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { z } from 'zod'
import { isObject, withDefaultKinds } from './default-kinds.ts'

const evaluation = z.strictObject({
  file: z.string().min(1).describe('JSONL at the coordinator that no client has'),
  rows: z.number().int().positive().default(200).describe('rows measured after a round, drawn by the seed'),
  every: z.number().int().positive().default(1).describe('measure every so many rounds'),
})

/** Everything a person says about a run; every field has a default. */
export const runSpec = z.strictObject({
  ...federationSpec.shape,
  model: z.string().min(1).default('models/tiny-debian-llama').describe('folder of the base model, at the coordinator'),
  data: dataSpec.prefault({ format: 'classification' }),
  train: trainSpec.prefault({}),
  evaluation: evaluation.nullable().default(null),
})

export type RunSpec = z.infer<typeof runSpec>

const PRESET = runSpec.parse({})

/**
 * A specification from anywhere outside; contradictions are refused with a reason. Where they are not
 * named, the method decides about the initialisation and the rule, and the subspace about the down-link; the result says
 * what they have decided.
 */
export function parseRunSpec(input: unknown): Result<RunSpec, FedError> {
  const initialisation = initialisationFor(input)
  const given = isObject(input) && input.initialisation === undefined ? { ...input, initialisation } : input
  const parsed = runSpec.safeParse(withDefaultKinds(runSpec, given, { initialisation }))
  if (!parsed.success) {
    return err(
      new FedError('invalid-config', z.prettifyError(parsed.error), {
        fix: 'See `tessera run --help` for all fields.',
      }),
    )
  }
  const leavesOut = (part: keyof RunSpec): boolean => isObject(input) && input[part] === undefined
  const spec = leavesOut('downlink') ? { ...parsed.data, downlink: defaultDownlink(parsed.data) } : parsed.data
  return ok(leavesOut('aggregator') ? { ...spec, aggregator: defaultAggregator(spec) } : spec)
}

/** What the method of the input starts from where the input does not say it; the preset where there is no such method. */
function initialisationFor(input: unknown): RunSpec['initialisation'] {
  const { adapter } = isObject(input) ? input : {}
  const { method: name = PRESET.adapter.method } = isObject(adapter) ? adapter : {}
  const method = adapterMethods.byName(String(name))
  return method.ok ? defaultInitialisation(method.value) : PRESET.initialisation
}
