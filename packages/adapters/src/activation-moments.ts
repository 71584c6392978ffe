import { fromFloat32, type Matrix, matrix } from '@tessera/math'
import { FedError, ShapeError } from '@tessera/vocabulary'

/**
 * How many numbers tell the moments of a layer's inputs x in the directions of a panel P [inDim, width], one after the
 * other: Σ x xᵀP [inDim, width], Σ x [inDim], Σ ‖x‖² and Σ 1, over the tokens that count. All are sums, so the sum of
 * several parties' numbers is the number of their pooled data; they are sent divided by the number of examples.
 */
export const momentsLength = (inDim: number, width: number): number => inDim * width + inDim + 2

/** What moments say: the second moment C [inDim, inDim] by its products, and its trace. */
export interface Moments {
  /** C P, [inDim, width]. */
  readonly product: Matrix
  /** Σ of C's diagonal. */
  readonly trace: number
}

/**
 * Moments a token: about zero, C = E[x xᵀ], or about the mean μ = E[x], C = E[x xᵀ] − μ μᵀ.
 *
 * @param panel P, [inDim, width].
 * @throws {FedError} `empty-data`: no token counted; `shape-mismatch`.
 */
export function readMoments(values: Float32Array, panel: Matrix, centred: boolean): Moments {
  const { rows: inDim, cols: width } = panel
  const expected = momentsLength(inDim, width)
  if (values.length !== expected) throw new ShapeError('activation moments', expected, values.length)
  const end = inDim * width
  const tokens = values[expected - 1]
  if (!(tokens > 0)) {
    throw new FedError('empty-data', 'no token of the data counts for the activations', {
      fix: 'Set initialisation.tokens to all, or give longer completions.',
    })
  }
  const product = fromFloat32(inDim, width, values.subarray(0, end)).data.map((value) => value / tokens)
  const mean = Float64Array.from(values.subarray(end, end + inDim), (value) => value / tokens)
  const trace = values[expected - 2] / tokens
  if (!centred) return { product: matrix(inDim, width, product), trace }
  const along = projection(mean, panel)
  const about = product.map((value, at) => value - mean[Math.floor(at / width)] * along[at % width])
  return { product: matrix(inDim, width, about), trace: mean.reduce((left, value) => left - value * value, trace) }
}

/** μᵀ P */
function projection(mean: Float64Array, { cols, data }: Matrix): Float64Array {
  const along = new Float64Array(cols)
  for (let at = 0; at < data.length; at++) along[at % cols] += mean[Math.floor(at / cols)] * data[at]
  return along
}
