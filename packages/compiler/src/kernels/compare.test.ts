import * as tf from '@tensorflow/tfjs'
import { describeKernelRules, type KernelCase } from '@tessera/testing'
import { comparison } from './compare.ts'

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor

/** Of small integers, so that both answers occur; as int32 or as float32. */
const comparing =
  (f: Binary): KernelCase =>
  (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    const dtype = draw.pick(['float32', 'int32'] as const)
    return {
      inputs: { a: draw.ints(left, -1, 1), b: draw.ints(right, -1, 1) },
      compute: ({ a, b }) => f(tf.cast(a!, dtype), tf.cast(b!, dtype)),
    }
  }

const connecting =
  (f: Binary): KernelCase =>
  (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    return {
      inputs: { a: draw.ints(left, 0, 1), b: draw.ints(right, 0, 1) },
      compute: ({ a, b }) => f(tf.cast(a!, 'bool'), tf.cast(b!, 'bool')),
    }
  }

/** Of numbers among which are NaN and both infinities: 0 / 0, 1 / 0, −1 / 0. */
const classifying =
  (f: (x: tf.Tensor) => tf.Tensor): KernelCase =>
  (draw) => {
    const shape = draw.shape(0, 4)
    return {
      inputs: { a: draw.floats(shape, -1, 1), b: draw.floats(shape, 0, 2) },
      compute: ({ a, b }) => f(tf.div(tf.round(a!), tf.floor(b!))),
    }
  }

describeKernelRules('comparison', comparison, {
  Equal: comparing(tf.equal),
  NotEqual: comparing(tf.notEqual),
  Less: comparing(tf.less),
  LessEqual: comparing(tf.lessEqual),
  Greater: comparing(tf.greater),
  GreaterEqual: comparing(tf.greaterEqual),
  LogicalAnd: connecting(tf.logicalAnd),
  LogicalOr: connecting(tf.logicalOr),
  LogicalNot: (draw) => ({
    inputs: { x: draw.ints(draw.shape(0, 4), 0, 1) },
    compute: ({ x }) => tf.logicalNot(tf.cast(x!, 'bool')),
  }),
  IsNan: classifying(tf.isNaN),
  IsInf: classifying(tf.isInf),
  IsFinite: classifying(tf.isFinite),
  Select: (draw) => {
    const full = draw.shape(0, 4)
    // Eager tfjs can not stretch 1 to 0, so empty operands have one shape.
    const operands = full.includes(0) ? [full, full, full] : draw.broadcastable(3, full)
    const [condition, yes, no] = operands as [number[], number[], number[]]
    const dtype = draw.pick(['float32', 'int32', 'bool'] as const)
    return {
      inputs: { condition: draw.ints(condition, 0, 1), yes: draw.ints(yes), no: draw.ints(no) },
      compute: ({ condition, yes, no }) =>
        tf.where(tf.cast(condition!, 'bool'), tf.cast(yes!, dtype), tf.cast(no!, dtype)),
    }
  },
})
