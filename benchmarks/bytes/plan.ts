import { codecs } from '@tessera/codecs'
import { adapterLayout } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { chooseSites, parseRunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import type { BytesCase } from './bench-case.ts'

export interface PlanOptions {
  /** The learning rates to run every case at; each method's own where none is named. */
  readonly rates: readonly number[] | null
  /** Of every case; its method's where none is named. */
  readonly rounds: number | null
  readonly steps: number
  readonly seed: number
  readonly testRows: number
  /** A method, and a codec, or all. */
  readonly only: string | undefined
  readonly codec: string | undefined
}

/** What methods are called here; a case of each is in the plan. */
export const METHODS = ['fed-sb', 'fed-sb-weights', 'fedit', 'train-b-only', 'fedavg', 'ferret', 'fedkseed'] as const
type Method = (typeof METHODS)[number]

interface Curve {
  readonly method: Method
  readonly parts: Pick<BytesCase, 'adapter' | 'targets' | 'initialisation' | 'aggregator' | 'subspace'>
  readonly codec: string
  readonly optimizer: 'adamw' | 'sgd'
  readonly rates: readonly number[]
  readonly rounds: number
}

const ROUNDS = 12
const FEDKSEED_ROUNDS = 36
const CLIENTS = 3
/** Evaluations of a run, besides the one before round 1. */
const EVALUATIONS = 3

/** The cases, each with the numbers of a client, every rate for itself. */
export function casesOf(model: BaseModel, options: PlanOptions): BytesCase[] {
  const { only, codec, rates } = options
  return curves(model)
    .filter((curve) => only === undefined || curve.method === only)
    .filter((curve) => codec === undefined || curve.codec === codec)
    .flatMap((curve) => (rates ?? curve.rates).map((rate) => caseOf(curve, rate, options)))
}

function caseOf(curve: Curve, rate: number, { steps, seed, testRows, ...options }: PlanOptions): BytesCase {
  const { method, parts, codec } = curve
  const rounds = options.rounds ?? curve.rounds
  return {
    method,
    ...parts,
    ...(method === 'fedkseed' && { subspace: { ...parts.subspace, learningRate: rate } }),
    codec: { codec, ...unwrap(codecs.byName(codec)).config.parse({}) },
    optimizer: { name: curve.optimizer, learningRate: rate },
    clients: CLIENTS,
    rounds,
    steps,
    seed,
    testRows,
    every: Math.ceil(rounds / EVALUATIONS),
  }
}

const NO_START = { name: 'none' }
const NO_SUBSPACE = { name: 'none' }
const MEAN = { rule: 'weighted-mean' }
const LAYERS = { targets: 'all-linear', aggregator: MEAN, subspace: NO_SUBSPACE } as const
const FED_SB = { ...LAYERS, adapter: { method: 'lora-sb', rank: 32 } }
const FULL = { ...LAYERS, adapter: { method: 'full' }, targets: 'all', initialisation: NO_START } as const

function curves(model: BaseModel): Curve[] {
  const adapters = { optimizer: 'adamw', rounds: ROUNDS } as const
  const sketch = { ...FED_SB, initialisation: { name: 'federated-sketch', batches: 8 } }
  const weights = { ...FED_SB, initialisation: { name: 'weights' } }
  return [
    ...codecs.names.map((codec) => ({ ...adapters, method: 'fed-sb' as const, parts: sketch, codec, rates: [0.008] })),
    ...['float32', 'ternary'].map((codec) => {
      return { ...adapters, method: 'fed-sb-weights' as const, parts: weights, codec, rates: [0.008] }
    }),
    { ...adapters, method: 'fedit', parts: factorsOf('lora', 'factor-mean'), codec: 'float32', rates: [0.004] },
    { ...adapters, method: 'train-b-only', parts: factorsOf('train-b-only'), codec: 'float32', rates: [0.004] },
    ...fullCurves(model),
  ]
}

const factorsOf = (method: string, rule = 'weighted-mean'): Curve['parts'] => {
  return { ...LAYERS, adapter: { method }, initialisation: NO_START, aggregator: { rule } }
}

/** Ferret's numbers at these parts of the bytes of full FedAvg, and the codecs that write them at the middle one. */
const PARTS = [2000, 500, 125]
const COMPACT_PART = 500
const COMPACT = ['int8', 'int4']

function fullCurves(model: BaseModel): Curve[] {
  const shared = { optimizer: 'sgd', rounds: ROUNDS } as const
  const ferret = (codec: string, part: number): Curve => {
    const subspace = { name: 'ferret', coordinates: coordinatesFor(codec, part, model) }
    return { ...shared, method: 'ferret', parts: { ...FULL, subspace }, codec, rates: [0.2, 0.5] }
  }
  const pool = { name: 'seed-pool', seeds: 1024, estimate: 'losses' }
  return [
    { ...shared, method: 'fedavg', parts: FULL, codec: 'float32', rates: [0.2, 0.5] },
    ...PARTS.map((part) => ferret('float32', part)),
    ...COMPACT.map((codec) => ferret(codec, COMPACT_PART)),
    {
      method: 'fedkseed',
      parts: { ...FULL, subspace: pool },
      codec: 'float32',
      optimizer: 'sgd',
      rates: [0.00005],
      rounds: FEDKSEED_ROUNDS,
    },
  ]
}

/** As many numbers as the codec writes in this part of the bytes of all parameters in float32. */
export function coordinatesFor(codec: string, part: number, model: BaseModel): number {
  const sites = chooseSites(model, FULL.targets)
  const { length } = adapterLayout({ spec: unwrap(parseRunSpec({ adapter: FULL.adapter })), sites })
  const budget = bitsOf('float32', length) / part
  let [fits, exceeds] = [0, length]
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2)
    if (bitsOf(codec, middle) <= budget) fits = middle
    else exceeds = middle
  }
  return fits
}

/** Of these codecs, in which every number has its place, the floor is what is written. */
function bitsOf(name: string, length: number): number {
  const { config, floorBits } = unwrap(codecs.byName(name))
  return floorBits(length, config.parse({}))
}
