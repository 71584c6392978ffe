import * as tf from '@tensorflow/tfjs'
import { type Draw, describeKernelRules } from '@tessera/testing'
import { shapes } from './shape.ts'

/** Begin and size of a random part of one axis. */
const part = (draw: Draw, dim: number): [number, number] => {
  const begin = draw.integer(0, dim)
  return [begin, draw.integer(0, dim - begin)]
}

/** The same axis with other lengths. */
const withDim = (shape: readonly number[], axis: number, dim: number): number[] => {
  const at = axis < 0 ? axis + shape.length : axis
  return shape.map((old, i) => (i === at ? dim : old))
}

describeKernelRules('shapes', shapes, {
  Identity: (draw) => ({ inputs: { x: draw.numbers(draw.shape(0, 4)) }, compute: ({ x }) => tf.clone(x!) }),
  Reshape: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const to = draw.pick([[-1], [...shape].reverse(), [1, ...shape], [shape[0]!, -1]])
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.reshape(x!, to) }
  },
  ExpandDims: (draw) => {
    const shape = draw.shape(0, 4)
    const axis = draw.integer(-shape.length - 1, shape.length)
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.expandDims(x!, axis) }
  },
  Transpose: (draw) => {
    // Long rows that stay whole are moved in another way than single elements.
    const outer = draw.shape(1, 4)
    const rows = draw.boolean()
    const shape = rows ? [...outer, 20] : outer
    const perm = rows ? [...draw.permutation(outer.length), outer.length] : draw.permutation(outer.length)
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.transpose(x!, perm) }
  },
  Tile: (draw) => {
    const shape = draw.shape(1, 4)
    const repeats = shape.map(() => draw.integer(0, 3))
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.tile(x!, repeats) }
  },
  Slice: (draw) => {
    const shape = draw.shape(1, 4)
    const parts = shape.map((dim) => part(draw, dim))
    const sizes = parts.map(([, size]) => (draw.boolean() ? size : -1))
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) =>
        tf.slice(
          x!,
          parts.map(([begin]) => begin),
          sizes,
        ),
    }
  },
  StridedSlice: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const strides = shape.map(() => draw.pick([1, 2, -1, -2]))
    // From one end of a range that is not empty to the other, both counted from the end: eager tfjs fails on none.
    const low = shape.map((dim) => draw.integer(-dim, -1))
    const high = low.map((from) => draw.integer(from, -1))
    const begin = strides.map((stride, i) => (stride > 0 ? low[i]! : high[i]!))
    const end = strides.map((stride, i) => (stride > 0 ? high[i]! + 1 || shape[i]! : low[i]! - 1))
    const [beginMask, endMask] = [draw.integer(0, 15), draw.integer(0, 15)]
    return {
      inputs: { x: draw.numbers(shape) },
      compute: ({ x }) => tf.stridedSlice(x!, begin, end, strides, beginMask, endMask),
    }
  },
  Reverse: (draw) => {
    const shape = draw.shape(1, 4)
    const axes = draw.axes(shape)
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.reverse(x!, axes) }
  },
  Concat: (draw) => {
    const shape = draw.shape(1, 4)
    const axis = draw.axis(shape)
    const [a, b] = [0, 1].map(() => draw.floats(withDim(shape, axis, draw.integer(0, 3))))
    return { inputs: { a: a!, b: b! }, compute: ({ a, b }) => tf.concat([a!, b!, a!], axis) }
  },
  SplitV: (draw) => {
    const shape = draw.shape(1, 4)
    const axis = draw.axis(shape)
    const sizes = [draw.integer(0, 3), draw.integer(1, 3), 1]
    const split = draw.pick([sizes, [sizes[0]!, -1, 1]])
    const x = draw.numbers(withDim(shape, axis, sizes[0]! + sizes[1]! + 1))
    return { inputs: { x }, compute: ({ x }) => tf.split(x!, split, axis) }
  },
  Pack: (draw) => {
    const shape = draw.shape(0, 3)
    const axis = draw.integer(-shape.length - 1, shape.length)
    return {
      inputs: { a: draw.floats(shape), b: draw.floats(shape) },
      compute: ({ a, b }) => tf.stack([a!, b!, a!], axis),
    }
  },
  Unpack: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const axis = draw.axis(shape)
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.unstack(x!, axis) }
  },
  PadV2: (draw) => {
    const shape = draw.shape(1, 4)
    const paddings = shape.map((): [number, number] => [draw.integer(0, 2), draw.integer(0, 2)])
    return { inputs: { x: draw.numbers(shape) }, compute: ({ x }) => tf.pad(x!, paddings, 3) }
  },
})
