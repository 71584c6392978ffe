import * as tf from '@tensorflow/tfjs'
import { describeKernelRules } from '@tessera/testing'
import { indexing } from './indexing.ts'

const lastIndex = (shape: readonly number[], axis: number): number => shape.at(axis)! - 1

describeKernelRules('indexing', indexing, {
  GatherV2: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const axis = draw.axis(shape)
    return {
      inputs: { x: draw.numbers(shape), indices: draw.ints(draw.shape(0, 3), 0, lastIndex(shape, axis)) },
      compute: ({ x, indices }) => tf.gather(x!, tf.cast(indices!, 'int32'), axis),
    }
  },
  GatherNd: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const depth = draw.integer(1, shape.length)
    const smallest = Math.min(...shape.slice(0, depth))
    return {
      inputs: { x: draw.numbers(shape), indices: draw.ints([...draw.shape(0, 2), depth], 0, smallest - 1) },
      compute: ({ x, indices }) => tf.gatherND(x!, indices!),
    }
  },
  ScatterNd: (draw) => {
    const shape = draw.shape(1, 4, 1)
    const depth = draw.integer(1, shape.length)
    const count = draw.integer(1, 6) // fewer places than updates: some add up
    return {
      inputs: {
        indices: draw.ints([count, depth], 0, Math.min(...shape.slice(0, depth)) - 1),
        updates: draw.floats([count, ...shape.slice(depth)]),
      },
      compute: ({ indices, updates }) => tf.scatterND(indices!, updates!, shape),
    }
  },
  OneHot: (draw) => {
    const dtype = draw.pick(['float32', 'int32'] as const)
    const depth = draw.integer(2, 4)
    return {
      inputs: { indices: draw.ints(draw.shape(0, 3), -1, 4) }, // outside of [0, depth) there is no 1
      compute: ({ indices }) => tf.cast(tf.oneHot(indices!, depth, 3, -2, dtype), 'float32'),
    }
  },
  UnsortedSegmentSum: (draw) => {
    const [count, ...rest] = draw.shape(1, 4) as [number, ...number[]]
    const segments = draw.integer(1, 3)
    return {
      inputs: { x: draw.floats([count, ...rest]), ids: draw.ints([count], 0, segments - 1) },
      compute: ({ x, ids }) => tf.unsortedSegmentSum(x!, tf.cast(ids!, 'int32') as tf.Tensor1D, segments),
    }
  },
})
