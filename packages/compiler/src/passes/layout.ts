import { sameShape, sizeOf } from '../graph.ts'
import { concat, constant, reshape, splat, transpose } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

/** Reshaping to the same shape, twice, or what has no layout. */
export const simplifyReshape: Rewrite = (node) => {
  if (node.op !== 'reshape') return node
  const x = node.inputs[0]!
  if (sameShape(x.shape, node.shape)) return x
  if (x.op === 'reshape') return reshape(x.inputs[0]!, node.shape)
  if (x.op === 'splat') return splat(x.attributes.value as number, node.shape, node.dtype)
  if (x.op === 'constant') return constant(x.data!, node.shape, node.dtype)
  return node
}

/** Transposing nothing, twice, or only axes of length 1. */
export const simplifyTranspose: Rewrite = (node) => {
  if (node.op !== 'transpose') return node
  const x = node.inputs[0]!
  const perm = node.attributes.perm as readonly number[]
  const moved = perm.filter((axis) => x.shape[axis] !== 1)
  if (moved.every((axis, i) => i === 0 || moved[i - 1]! < axis)) return reshape(x, node.shape)
  if (x.op === 'splat') return splat(x.attributes.value as number, node.shape, node.dtype)
  if (x.op !== 'transpose') return node
  const inner = x.attributes.perm as readonly number[]
  return transpose(
    x.inputs[0]!,
    perm.map((axis) => inner[axis]!),
  )
}

/** Slices of everything, concatenations of one, paddings and repetitions of nothing, sums over axes of length 1. */
export const dropNoOps: Rewrite = (node) => {
  const x = node.inputs[0]
  if (!x) return node
  switch (node.op) {
    case 'slice': {
      const whole = sameShape(x.shape, node.shape)
      return whole && (node.attributes.strides as readonly number[]).every((stride) => stride > 0) ? x : node
    }
    case 'concat': {
      const parts = node.inputs.filter((part) => sizeOf(part.shape) > 0)
      if (parts.length === node.inputs.length) return node.inputs.length === 1 ? x : node
      return parts.length > 0 ? concat(parts, node.attributes.axis as number) : node
    }
    case 'pad':
    case 'tile':
      return sameShape(x.shape, node.shape) ? x : node
    case 'sum':
    case 'mean':
    case 'max':
    case 'min':
    case 'prod':
      return sizeOf(x.shape) === sizeOf(node.shape) && sizeOf(x.shape) > 0 ? reshape(x, node.shape) : node
    default:
      return node
  }
}

const EMPTY_REDUCTION: Readonly<Record<string, number>> = { sum: 0, prod: 1, matmul: 0, scatterAdd: 0 }

/** Tensors without elements need no operator, nor do sums over none. */
export const dropEmpty: Rewrite = (node) => {
  if (node.op === 'input' || node.op === 'splat') return node
  if (sizeOf(node.shape) === 0) return splat(0, node.shape, node.dtype)
  const neutral = EMPTY_REDUCTION[node.op]
  const overNothing = node.inputs.some((input) => sizeOf(input.shape) === 0)
  return neutral !== undefined && overNothing ? splat(neutral, node.shape, node.dtype) : node
}
