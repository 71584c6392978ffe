import * as tf from '@tensorflow/tfjs'
import { describeKernelRules } from '@tessera/testing'
import { creation } from './creation.ts'

describeKernelRules('creation', creation, {
  Fill: (draw) => {
    const shape = draw.shape(0, 4)
    const dtype = draw.pick(['float32', 'int32'] as const)
    return { inputs: {}, compute: () => tf.fill(shape, 3, dtype) }
  },
  OnesLike: (draw) => ({ inputs: { x: draw.numbers(draw.shape(0, 4)) }, compute: ({ x }) => tf.onesLike(x!) }),
  ZerosLike: (draw) => ({ inputs: { x: draw.numbers(draw.shape(0, 4)) }, compute: ({ x }) => tf.zerosLike(x!) }),
  Range: (draw) => {
    const [start, step] = [draw.integer(-3, 3), draw.pick([1, 2, -1, -3])]
    const stop = start + step * draw.integer(1, 5)
    const dtype = draw.pick(['float32', 'int32'] as const)
    return { inputs: {}, compute: () => tf.range(start, stop, step, dtype) }
  },
  LinSpace: (draw) => {
    const count = draw.integer(1, 6)
    return { inputs: {}, compute: () => tf.linspace(-1, 4, count) }
  },
  Cast: (draw) => {
    const from = draw.pick(['float32', 'int32', 'bool'] as const)
    const to = draw.pick(['float32', 'int32', 'bool'] as const)
    return {
      inputs: { x: draw.floats(draw.shape(0, 4), -3, 3) },
      compute: ({ x }) => tf.cast(tf.cast(x!, from), to),
    }
  },
})
