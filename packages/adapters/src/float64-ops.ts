import { ShapeError } from '@tessera/vocabulary'
import type { Shape, TensorOps } from './tensor-ops.ts'

/** A row-major array in float64. */
export interface Float64Tensor {
  readonly shape: Shape
  readonly data: Float64Array
}

const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1)

/** @throws {ShapeError} the number of values is not that of the shape. */
export function float64Tensor(shape: Shape, values: ArrayLike<number>): Float64Tensor {
  if (values.length !== sizeOf(shape)) throw new ShapeError(`tensor [${shape}]`, sizeOf(shape), values.length)
  return { shape, data: Float64Array.from(values) }
}

/** Element strides of a row-major array, 0 for an axis that repeats. */
function strides(shape: Shape, rank: number): number[] {
  const padded = [...Array<number>(rank - shape.length).fill(1), ...shape]
  return padded.map((length, axis) => (length === 1 ? 0 : sizeOf(padded.slice(axis + 1))))
}

/** The element offsets that each position of `shape` reads through these strides. */
function offsets(shape: Shape, steps: readonly number[], begin = 0): Int32Array {
  let all = Int32Array.of(begin)
  for (const [axis, length] of shape.entries()) {
    const next = new Int32Array(all.length * length)
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < length; j++) next[i * length + j] = all[i] + j * steps[axis]
    }
    all = next
  }
  return all
}

const read = (data: Float64Array, at: Int32Array): Float64Array => Float64Array.from(at, (offset) => data[offset])

function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length)
  const side = (shape: Shape, axis: number): number => shape[axis - rank + shape.length] ?? 1
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [side(a, axis), side(b, axis)]
    if (left !== right && left !== 1 && right !== 1) throw new ShapeError(`broadcast [${a}] and [${b}]`, left, right)
    return left === 1 ? right : left
  })
}

function elementwise(a: Float64Tensor, b: Float64Tensor, combine: (x: number, y: number) => number): Float64Tensor {
  const shape = broadcastShape(a.shape, b.shape)
  const spread = (side: Float64Tensor): Float64Array =>
    side.data.length === sizeOf(shape) ? side.data : read(side.data, offsets(shape, strides(side.shape, shape.length)))
  const [left, right] = [spread(a), spread(b)]
  return { shape, data: left.map((value, at) => combine(value, right[at])) }
}

function reshape(a: Float64Tensor, shape: Shape): Float64Tensor {
  const known = -sizeOf(shape)
  const whole = shape.includes(-1) ? shape.map((length) => (length === -1 ? a.data.length / known : length)) : shape
  return float64Tensor(whole, a.data)
}

/** Any element strides of `a`, as the shape they are read in. */
const view = (a: Float64Tensor, shape: Shape, steps: readonly number[], begin = 0): Float64Tensor => ({
  shape,
  data: read(a.data, offsets(shape, steps, begin)),
})

function transpose(a: Float64Tensor, axes: Shape): Float64Tensor {
  const steps = strides(a.shape, a.shape.length)
  return view(
    a,
    axes.map((axis) => a.shape[axis]),
    axes.map((axis) => steps[axis]),
  )
}

function matMul(a: Float64Tensor, b: Float64Tensor): Float64Tensor {
  const [n, k] = a.shape.slice(-2) as [number, number]
  const [inner, m] = b.shape.slice(-2) as [number, number]
  if (inner !== k) throw new ShapeError('inner dimension of a product', k, inner)
  const stack = a.shape.slice(0, -2)
  const data = new Float64Array(sizeOf(stack) * n * m)
  for (let row = 0; row < sizeOf(stack) * n; row++) {
    const matrix = Math.floor(row / n) * k * m
    for (let i = 0; i < k; i++) {
      const factor = a.data[row * k + i]
      for (let j = 0; j < m; j++) data[row * m + j] += factor * b.data[matrix + i * m + j]
    }
  }
  return { shape: [...stack, n, m], data }
}

/** Blocks of one axis: [before, length, after] around it. */
function around(shape: Shape, axis: number): readonly [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))]
}

function concat(parts: readonly Float64Tensor[], axis: number): Float64Tensor {
  const lengths = parts.map(({ shape }) => shape[axis])
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const [before, , after] = around(parts[0].shape, axis)
  const data = new Float64Array(before * total * after)
  let start = 0
  for (const [at, part] of parts.entries()) {
    const width = lengths[at] * after
    for (let block = 0; block < before; block++) {
      data.set(part.data.subarray(block * width, (block + 1) * width), block * total * after + start)
    }
    start += width
  }
  return { shape: parts[0].shape.with(axis, total), data }
}

function sum(a: Float64Tensor, axis: number): Float64Tensor {
  const [before, length, after] = around(a.shape, axis)
  const data = new Float64Array(before * after)
  for (let at = 0; at < before * length * after; at++) {
    data[Math.floor(at / (length * after)) * after + (at % after)] += a.data[at]
  }
  return { shape: a.shape.with(axis, 1), data }
}

/** Tensor operations in float64 on the CPU: exact enough to judge everything else by. */
export const float64Ops: TensorOps<Float64Tensor> = {
  matMul: (a, b, { transposeA = false, transposeB = false } = {}) =>
    matMul(turned(a, transposeA), turned(b, transposeB)),
  add: (a, b) => elementwise(a, b, (x, y) => x + y),
  sub: (a, b) => elementwise(a, b, (x, y) => x - y),
  mul: (a, b) => elementwise(a, b, (x, y) => x * y),
  div: (a, b) => elementwise(a, b, (x, y) => x / y),
  scale: ({ shape, data }, factor) => ({ shape, data: data.map((value) => value * factor) }),
  sum,
  reshape,
  transpose,
  concat,
  slice(a, begin, size) {
    const steps = a.shape.map((_, axis) => sizeOf(a.shape.slice(axis + 1)))
    return view(
      a,
      size,
      steps,
      begin.reduce((offset, first, axis) => offset + first * steps[axis], 0),
    )
  },
  scatter(values, positions, [rows, cols]) {
    const data = new Float64Array(rows * cols)
    const count = values.data.length
    for (let at = 0; at < count; at++) {
      data[positions.data[at] * cols + positions.data[count + at]] = values.data[at]
    }
    return { shape: [rows, cols], data }
  },
}

function turned(a: Float64Tensor, transposed: boolean): Float64Tensor {
  if (!transposed) return a
  const last = a.shape.length - 1
  return transpose(a, [...Array(last - 1).keys(), last, last - 1])
}
