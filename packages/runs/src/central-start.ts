import { type Measured, measuredInFull, readMoments, type Statistic } from '@tessera/adapters'
import type { Executor } from '@tessera/compiler'
import {
  type DataUsed,
  type RunRecord,
  type Start,
  siteContext,
  sourceOf,
  spectraOf,
  startFactors,
} from '@tessera/federation'
import { identity, type Matrix, matrix } from '@tessera/math'
import type { BaseModel } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import {
  activationMoments,
  fullGradients,
  readExamples,
  rowsByLength,
  type TokenizedExample,
  tokenizeExamples,
} from '@tessera/trainer'
import { type Site, unwrap } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'
import type { RunSpec } from './run-spec.ts'

type Activations = Extract<Statistic, { of: 'activations' }>

/** What a start that asks no client is made with. */
export interface StartTools {
  readonly model: BaseModel
  /** Opened where something is measured. */
  readonly executor: () => Promise<Executor>
  readonly readText: (file: string) => Promise<string>
}

/** What a run starts from that asks no client: the base weights, the run's seed, or a file at the coordinator. */
export async function centralStart(record: RunRecord, tools: StartTools): Promise<Start> {
  const weightOf = baseWeights(tools.model)
  if (sourceOf(record) === null) return startFactors(record, {}, weightOf)
  const found = await measureFile(record, tools)
  const spectra = spectraOf(record, { measuredAt: (site) => found?.at(site) ?? null, weightOf })
  return { ...startFactors(record, spectra, weightOf), ...(found && { data: found.data }) }
}

interface Found {
  readonly data: DataUsed
  readonly at: (site: Site) => Measured
}

/** What the initialisation asks of the first rows of a file; null where it asks for none. */
async function measureFile(record: RunRecord, tools: StartTools): Promise<Found | null> {
  const measurement = sourceOf(record)?.measurement
  if (measurement?.place.kind !== 'calibration') return null
  const { place, statistic } = measurement
  const spec = record.spec as RunSpec
  const text = await tools.readText(place.file)
  const rows = unwrap(readExamples(text, spec.data)).slice(0, place.rows)
  const { tokenizer } = tools.model
  const examples = tokenizeExamples(rows, { tokenizer, maxLength: spec.data.maxLength })
  const work: Work = { ...tools, executor: await tools.executor(), sites: record.sites, examples, spec }
  const matrixAt = statistic.of === 'gradient' ? await descents(work) : await secondMoments(work, statistic)
  const randomAt = (site: Site) => siteContext(record, site, { weight: null, measured: null }).random
  return {
    data: { hash: hashBytes(new TextEncoder().encode(text)), rows: rows.length },
    at: (site) => measuredInFull(matrixAt(site), randomAt(site)),
  }
}

interface Work {
  readonly model: BaseModel
  readonly executor: Executor
  readonly sites: readonly Site[]
  readonly examples: readonly TokenizedExample[]
  readonly spec: RunSpec
}

/** −∂loss/∂W of every site. */
async function descents({ spec, ...work }: Work): Promise<(site: Site) => Matrix> {
  const gradients = await fullGradients({ ...work, batchSize: spec.train.batchSize })
  return ({ name, outDim, inDim }) => {
    const data = Float64Array.from(gradients[name], (value) => -value)
    return matrix(outDim, inDim, data)
  }
}

/** The second moment of every site's inputs. */
async function secondMoments({ spec, sites, examples, ...work }: Work, { centred, tokens }: Activations) {
  const { batchSize } = spec.train
  const panels = sites.map((site) => ({ site, panel: null }))
  const batches = rowsByLength(examples, batchSize)
  const moments = await activationMoments({ ...work, panels, batches, batchSize, tokens })
  return ({ name, inDim }: Site): Matrix => readMoments(moments[name], identity(inDim), centred).product
}
