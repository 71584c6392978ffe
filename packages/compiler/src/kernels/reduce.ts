import type * as tf from '@tensorflow/tfjs'
import { type AxisArgument, alongAxis, argReduce, cast, cumulate, type Reduction, reduce } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

interface ReductionAttrs {
  readonly axis: AxisArgument
  readonly keepDims: boolean
}

const reduction = (kernel: string, op: Reduction): KernelRule =>
  rule<ReductionAttrs>(kernel, ({ x }, { axis, keepDims }) =>
    reduce(op, x.dtype === 'bool' ? cast(x, 'int32') : x, axis, keepDims),
  )

/** tfjs passes the axes of Max and Min as `reductionIndices` or `axis`, depending on the kernel and the caller. */
interface ExtremumAttrs extends Partial<ReductionAttrs> {
  readonly reductionIndices?: AxisArgument
}

const extremum = (kernel: string, op: Reduction): KernelRule =>
  rule<ExtremumAttrs>(kernel, ({ x }, { reductionIndices, axis, keepDims }) =>
    reduce(op, x, reductionIndices ?? axis, keepDims),
  )

const logical = (kernel: string, op: Reduction): KernelRule =>
  rule<ReductionAttrs>(kernel, ({ x }, { axis, keepDims }) =>
    cast(reduce(op, cast(x, 'int32'), axis, keepDims), 'bool'),
  )

/** Reductions over axes, and what runs along one axis. */
export const reductions: readonly KernelRule[] = [
  reduction('Sum', 'sum'),
  reduction('Prod', 'prod'),
  rule<ReductionAttrs>('Mean', ({ x }, { axis, keepDims }) => reduce('mean', cast(x, 'float32'), axis, keepDims)),
  extremum('Max', 'max'),
  extremum('Min', 'min'),
  logical('All', 'min'),
  logical('Any', 'max'),
  rule<tf.ArgMaxAttrs>('ArgMax', ({ x }, { axis }) => argReduce('argMax', x, axis)),
  rule<tf.ArgMinAttrs>('ArgMin', ({ x }, { axis }) => argReduce('argMin', x, axis)),
  rule<tf.SoftmaxAttrs>('Softmax', ({ logits }, { dim }) => alongAxis('softmax', logits, dim)),
  rule<tf.CumsumAttrs>('Cumsum', ({ x }, { axis, exclusive, reverse }) => cumulate(x, axis, exclusive, reverse)),
]
