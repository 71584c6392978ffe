import { momentsLength, type Probe } from '@tessera/adapters'
import { fromFloat32, type Matrix, matrix, multiply, multiplyLeftTransposed } from '@tessera/math'
import { descentProduct, pooledDescent } from './descent-product.ts'

/** What a client's data come to at one layer. */
export interface SyntheticClient {
  /** G, [outDim, inDim], the mean over its rows. */
  readonly gradient: Matrix
  /** The inputs of the layer at all its tokens, [tokens, inDim]. */
  readonly inputs: Matrix
  /** Examples: how much its numbers count. */
  readonly weight: number
}

/** What the client sends in a pass. */
export function sketchedBy(client: SyntheticClient, probe: Probe): Float32Array {
  return probe.statistic.of === 'gradient' ? descentProduct(client.gradient, probe) : momentsOf(client, probe)
}

/** The numbers of `readMoments` in float64, a row. */
function momentsOf({ inputs, weight }: SyntheticClient, { frozen }: Probe): Float32Array {
  const inDim = inputs.cols
  const panel = fromFloat32(inDim, frozen.P!.length / inDim, frozen.P!)
  const product = multiplyLeftTransposed(inputs, multiply(inputs, panel))
  const ones = matrix(1, inputs.rows, new Float64Array(inputs.rows).fill(1))
  const squares = inputs.data.reduce((sum, value) => sum + value * value, 0)
  const all = [...product.data, ...multiply(ones, inputs).data, squares, inputs.rows]
  const moments = Float32Array.from(all, (value) => value / weight)
  if (moments.length !== momentsLength(inDim, panel.cols)) throw new RangeError('moments of another length')
  return moments
}

/** Σ wᵢ vᵢ / Σ wᵢ */
export function weightedMean(
  vectors: readonly ArrayLike<number>[],
  clients: readonly Pick<SyntheticClient, 'weight'>[],
): Float32Array {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0)
  return Float32Array.from(vectors[0]!, (_, at) =>
    vectors.reduce((sum, vector, i) => sum + (vector[at]! * clients[i]!.weight) / total, 0),
  )
}

/** One client that has the data of all of them. */
export function pooledClient(clients: readonly SyntheticClient[]): SyntheticClient {
  const descent = pooledDescent(clients)
  const rows = clients.reduce((sum, { inputs }) => sum + inputs.rows, 0)
  const inputs = Float64Array.from(clients.flatMap((client) => [...client.inputs.data]))
  return {
    gradient: matrix(
      descent.rows,
      descent.cols,
      descent.data.map((value) => -value),
    ),
    inputs: matrix(rows, inputs.length / rows, inputs),
    weight: clients.reduce((sum, { weight }) => sum + weight, 0),
  }
}

/** E[x xᵀ] of a layer's inputs, about zero or about their mean. */
export function secondMoment({ rows, cols, data }: Matrix, centred: boolean): Matrix {
  const mean = new Float64Array(cols)
  if (centred) for (let at = 0; at < data.length; at++) mean[at % cols]! += data[at]! / rows
  const about = matrix(
    rows,
    cols,
    data.map((value, at) => value - mean[at % cols]!),
  )
  const sum = multiplyLeftTransposed(about, about)
  return matrix(
    cols,
    cols,
    sum.data.map((value) => value / rows),
  )
}
