import { type AdapterMethod, adapterMethods, takesSpectrum } from '@tessera/adapters'
import { roundLayout } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { chooseSites, createRunRecord, parseRunSpec } from '@tessera/runs'
import { FedError, runId, unwrap } from '@tessera/vocabulary'
import { type BenchCase, type PlannedCase, type Setting, specOf } from './bench-case.ts'
import { equalCountOptions } from './equal-count.ts'

/** What Fed-SB's paper compares: the method and the rule that each of its lines stands for. */
const FED_SB_PAGE: readonly (readonly [method: string, rule: string])[] = [
  ['lora-sb', 'weighted-mean'], // Fed-SB
  ['lora', 'factor-mean'], // FedIT
  ['train-b-only', 'weighted-mean'],
  ['lora', 'fedex-lora'],
  ['lora', 'flora'],
]

/** A method's rule where none is asked for: the exact mean, or the inexact one that every method goes with. */
const MEANS = ['weighted-mean', 'factor-mean']

export const PAGES = ['fed-sb', 'methods'] as const
export type Page = (typeof PAGES)[number]

/** What all cases of a page share. */
export interface PlanOptions {
  readonly clients: readonly number[]
  /** The learning rates to run a case at. */
  readonly ratesOf: (planned: PlannedCase) => readonly number[]
  /** Both where none is named. */
  readonly setting: string | undefined
  readonly rounds: number
  readonly steps: number
  readonly seed: number
  readonly testRows: number
  readonly only: string | undefined
  readonly aggregator: string | undefined
  /** Of every method that takes one; its own where none is named. */
  readonly initialisation: string | undefined
  /** Set over what the setting says, for every method that is run. */
  readonly adapterOptions: Readonly<Record<string, number>>
}

/** The legal cases of a page, each method at its defaults and at the reference's count; equal cases are there once. */
export function casesOf(page: Page, model: BaseModel, options: PlanOptions): PlannedCase[] {
  return pairsOf(page, options).flatMap(({ method, rules }) =>
    settingsOf(method, model, options).flatMap(({ setting, adapter }) =>
      options.clients.flatMap((clients) => {
        const shared = { adapter, initialisation: startOf(method, options), clients, rate: ANY_RATE, ...plain(options) }
        const settings = rules.map((aggregator) => ({ ...shared, aggregator })).find((own) => isLegal(own, model))
        if (settings === undefined) return []
        return options.ratesOf({ setting, settings }).map((rate) => ({ setting, settings: { ...settings, rate } }))
      }),
    ),
  )
}

/** Whether a case is legal does not depend on its rate. */
const ANY_RATE = 0.001

const plain = ({ rounds, steps, seed, testRows }: PlanOptions) => ({ rounds, steps, seed, testRows })

function pairsOf(page: Page, { only, aggregator }: PlanOptions): { method: AdapterMethod; rules: readonly string[] }[] {
  const methodNamed = (name: string): AdapterMethod => unwrap(adapterMethods.byName(name))
  if (only !== undefined) methodNamed(only)
  const pairs =
    page === 'fed-sb'
      ? FED_SB_PAGE.map(([name, rule]) => ({ method: methodNamed(name), rules: [rule] }))
      : adapterMethods.plugins.map((method) => ({ method, rules: aggregator === undefined ? MEANS : [aggregator] }))
  return pairs.filter(({ method }) => only === undefined || method.name === only)
}

function settingsOf(method: AdapterMethod, model: BaseModel, options: PlanOptions) {
  const { name } = method
  const { adapterOptions } = options
  const target = trainedNumbers(REFERENCE, model, options) ?? Number.NaN
  const countOf = (own: object) => trainedNumbers({ method: name, ...own }, model, options)
  const [paper, equal] = [method.config.parse({}), equalCountOptions(method, target, countOf)]
  const adapterWith = (chosen: object) => ({
    method: name,
    ...method.config.strict().parse({ ...chosen, ...adapterOptions }),
  })
  const settings: { setting: Setting; adapter: BenchCase['adapter'] }[] = [
    { setting: 'paper', adapter: adapterWith(paper) },
    { setting: 'equal', adapter: adapterWith(equal) },
  ]
  const own = JSON.stringify(paper) === JSON.stringify(equal) ? settings.slice(0, 1) : settings
  return own.filter(({ setting }) => options.setting === undefined || options.setting === setting)
}

/** The run that a person gets who says nothing: LoRA-SB, whose count is the measure of the others. */
const preset = unwrap(parseRunSpec({}))
const REFERENCE = preset.adapter as BenchCase['adapter']

/** The mean over rounds of what a client trains; null where the layers can not carry it. */
function trainedNumbers(adapter: BenchCase['adapter'], model: BaseModel, { rounds, seed }: PlanOptions): number | null {
  const setting = { spec: { ...preset, adapter, seed }, sites: chooseSites(model, 'all-linear') }
  const varies = unwrap(adapterMethods.byName(adapter.method)).active !== undefined
  const counted = varies ? rounds : 1
  try {
    const lengths = Array.from({ length: counted }, (_, at) => roundLayout(setting, at + 1).length)
    return lengths.reduce((sum, length) => sum + length, 0) / counted
  } catch (error) {
    if (error instanceof FedError) return null
    throw error
  }
}

/** Data start the reference, the base weights what else needs a spectrum, and random numbers what can have one. */
function startOf(method: AdapterMethod, { initialisation }: PlanOptions): BenchCase['initialisation'] {
  const { name, initialisation: own } = method
  if (!takesSpectrum(method)) return { name: 'none' }
  if (initialisation !== undefined) return { name: initialisation }
  if (name === REFERENCE.method) return { ...preset.initialisation, batches: 8 } as BenchCase['initialisation']
  return { name: own ?? 'random' }
}

function isLegal(settings: BenchCase, model: BaseModel): boolean {
  try {
    createRunRecord({ runId: runId('legal'), spec: specOf(settings), model, files: [], createdAt: 0 })
    return true
  } catch (error) {
    if (error instanceof FedError) return false
    throw error
  }
}
