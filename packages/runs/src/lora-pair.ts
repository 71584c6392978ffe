import { type AdaptedSite, mergedLayer, type SiteAdapter } from '@tessera/adapters'
import {
  createRandomStream,
  fromFloat32,
  leadingColumns,
  type Matrix,
  matrix,
  multiply,
  randomizedSvd,
  toFloat32,
  transpose,
} from '@tessera/math'
import { FedError, type Site } from '@tessera/vocabulary'

/** ΔW ≈ b · a as LoRA stores it, b [outDim, rank] and a [rank, inDim], and how far that is from ΔW. */
export interface LoraPair {
  readonly rank: number
  readonly b: Float32Array
  readonly a: Float32Array
  /** max |ΔW| */
  readonly largest: number
  /** max |ΔW − b a|, both in float64, over the stored float32 factors. */
  readonly difference: number
}

/** Whether ΔW at a site is worth two factors: a product as it is, or of at most half the rank of the layer. */
export const hasLoraPair = ({ outDim, inDim }: Site, { chain, rank }: SiteAdapter): boolean =>
  (chain !== null && chain.factors.length > 1) || rank <= Math.min(outDim, inDim) / 2

/**
 * A product keeps its last factor; any other ΔW of known rank is split by its SVD, U √S and √S Vᵀ, which a random sketch
 * of that rank gives exactly.
 *
 * @throws {FedError} `not-exportable`: ΔW has too large a rank, or there is a bias.
 */
export function loraPair(adapted: AdaptedSite): LoraPair {
  const { site, adapter } = adapted
  if (!hasLoraPair(site, adapter)) throw notExportable(site, `a weight change of rank ${adapter.rank}`)
  const split = adapter.chain !== null && adapter.chain.factors.length > 1 ? splitChain(adapted) : splitChange(adapted)
  const rounded = { b: toFloat32(split.b), a: toFloat32(split.a) }
  const stored = multiply(
    fromFloat32(split.b.rows, split.b.cols, rounded.b),
    fromFloat32(split.a.rows, split.a.cols, rounded.a),
  )
  let [largest, difference] = [0, 0]
  for (const [at, value] of split.delta.entries()) {
    largest = Math.max(largest, Math.abs(value))
    difference = Math.max(difference, Math.abs(value - stored.data[at]))
  }
  return { rank: split.a.rows, ...rounded, largest, difference }
}

interface Split {
  readonly b: Matrix
  readonly a: Matrix
  /** ΔW in float64. */
  readonly delta: Float64Array
}

function splitChain({ adapter, factors }: AdaptedSite): Split {
  const chain = adapter.chain as NonNullable<SiteAdapter['chain']>
  const matrices = chain.factors.map(({ name, rows, cols }) => fromFloat32(rows, cols, factors[name]))
  const left = matrices.slice(0, -1).reduce(multiply)
  const b = { ...left, data: left.data.map((value) => value * chain.scale) }
  const a = matrices.at(-1) as Matrix
  return { b, a, delta: multiply(b, a).data }
}

function splitChange(adapted: AdaptedSite): Split {
  const { site, adapter, weight } = adapted
  const merged = mergedLayer(adapted)
  if (merged.bias !== null) throw notExportable(site, 'a bias')
  const delta = merged.weight.data.map((value, at) => value - weight[at])
  const random = createRandomStream({ seed: 0, purpose: 'lora pair', round: 0, client: 0, block: 0 })
  const change = matrix(site.outDim, site.inDim, delta)
  const { u, s, v } = randomizedSvd(change, { rank: adapter.rank, random, powerPasses: 1 })
  const scaled = (side: Matrix): Matrix => {
    const columns = leadingColumns(side, adapter.rank)
    return { ...columns, data: columns.data.map((value, at) => value * Math.sqrt(s[at % adapter.rank])) }
  }
  return { b: scaled(u), a: transpose(scaled(v)), delta }
}

const notExportable = ({ name }: Site, what: string): FedError =>
  new FedError('not-exportable', `${what} at ${name} has no LoRA form`, {
    details: { site: name },
    fix: 'Export merged weights instead.',
  })
