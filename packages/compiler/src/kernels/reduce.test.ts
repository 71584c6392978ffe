import * as tf from '@tensorflow/tfjs'
import { type Draw, describeKernelRules, type KernelCase } from '@tessera/testing'
import { reductions } from './reduce.ts'

type Reduce = (x: tf.Tensor, axes: number | number[] | undefined, keepDims: boolean) => tf.Tensor

const axesFor = (draw: Draw, shape: number[]): number | number[] | undefined =>
  shape.length === 0 ? undefined : draw.pick([undefined, draw.axis(shape), draw.axes(shape)])

/** @param minDim 1 where eager tfjs has no answer for a reduction over nothing. */
const reducing =
  (f: Reduce, minDim = 0, kind: 'numbers' | 'floats' = 'numbers'): KernelCase =>
  (draw) => {
    const shape = draw.shape(0, 4, minDim)
    const [axes, keepDims] = [axesFor(draw, shape), draw.boolean()]
    return { inputs: { x: draw[kind](shape, -3, 3) }, compute: ({ x }) => f(x!, axes, keepDims) }
  }

const ofTruth =
  (f: Reduce): Reduce =>
  (x, axes, keepDims) =>
    f(tf.greater(x, 0), axes, keepDims)

const alongAxis =
  (f: (x: tf.Tensor, axis: number) => tf.Tensor, kind: 'numbers' | 'floats' = 'floats'): KernelCase =>
  (draw) => {
    const shape = draw.shape(1, 4, 1)
    const axis = draw.axis(shape)
    return { inputs: { x: draw[kind](shape) }, compute: ({ x }) => f(x!, axis) }
  }

describeKernelRules('reductions', reductions, {
  Sum: reducing(tf.sum),
  Prod: reducing(tf.prod),
  Mean: reducing(tf.mean, 1),
  Max: reducing(tf.max, 1),
  Min: reducing(tf.min, 1),
  All: reducing(ofTruth(tf.all), 1),
  Any: reducing(ofTruth(tf.any), 1),
  ArgMax: alongAxis(tf.argMax, 'numbers'),
  ArgMin: alongAxis(tf.argMin, 'numbers'),
  Softmax: (draw) => ({
    inputs: { x: draw.floats(draw.shape(1, 4, 1), -30, 30) },
    compute: ({ x }) => tf.softmax(x!, -1), // tfjs has it along the last axis only
  }),
  Cumsum: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const axis = draw.integer(0, shape.length - 1) // eager tfjs has no negative axis here
    const [exclusive, reverse] = [draw.boolean(), draw.boolean()]
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.cumsum(x!, axis, exclusive, reverse) }
  },
})
