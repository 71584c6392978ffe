import type { Chain } from './chain.ts'
import type { Factor, SiteFactors } from './factor.ts'
import type { TensorOps } from './tensor-ops.ts'

/** A site's tensors: rows x [N, inDim], the base weight [outDim, inDim] and the factors by name, each [rows, cols]. */
export interface SiteTensors<T> {
  readonly x: T
  readonly weight: T
  readonly factors: Readonly<Record<string, T>>
}

export type LayerTensors<T> = Omit<SiteTensors<T>, 'x'>

/** The adapted layer as a plain one: y = W' x + bias, W' [outDim, inDim] and bias [1, outDim] or none. */
export interface MergedLayer<T> {
  readonly weight: T
  readonly bias: T | null
}

/** Two trained factors that are multiplied with each other and nothing else, by name. */
export interface TrainedPair {
  readonly left: string
  readonly right: string
  readonly scale: number
}

/** An adapter at one site: its factors, and its forward pass written once for every kind of tensor. */
export interface SiteAdapter {
  readonly factors: readonly Factor[]
  /** ΔW as a product of matrices, where it is one. */
  readonly chain: Chain | null
  /** The trained factors of ΔW = scale · left right + what no training changes; absent where it is not of this form. */
  readonly pair?: TrainedPair
  /** The largest rank that ΔW can have. */
  readonly rank: number
  /**
   * The gradient, by trained factor, of what is added to the loss of every training step; absent where nothing is. No loss
   * that is told has it.
   */
  penalty?(trained: SiteFactors): SiteFactors
  /** y [N, outDim], the form to train. */
  forward<T>(ops: TensorOps<T>, at: SiteTensors<T>): T
  /** The form to evaluate, merge and export. */
  merged<T>(ops: TensorOps<T>, at: LayerTensors<T>): MergedLayer<T>
}

type Parts = Pick<SiteAdapter, 'factors' | 'rank' | 'pair' | 'penalty'>

/** y = W' x for methods that change the weight itself: W' is made in every step, which many rows of x repay. */
export function reweighted(parts: Parts, weight: <T>(ops: TensorOps<T>, at: LayerTensors<T>) => T): SiteAdapter {
  return {
    ...parts,
    chain: null,
    forward: (ops, at) => ops.matMul(at.x, weight(ops, at), { transposeB: true }),
    merged: (ops, at) => ({ weight: weight(ops, at), bias: null }),
  }
}

/** ΔW = left · right, [outDim, r] and [r, inDim], each made from the factors. */
export interface TwoSides<T> {
  readonly left: T
  readonly right: T
}

/** y = W x + left (right x): the products stay as narrow as r. */
export function lowRank(
  parts: Parts,
  sides: <T>(ops: TensorOps<T>, factors: SiteTensors<T>['factors']) => TwoSides<T>,
): SiteAdapter {
  return {
    ...parts,
    chain: null,
    forward(ops, { x, weight, factors }) {
      const { left, right } = sides(ops, factors)
      const narrow = ops.matMul(x, right, { transposeB: true })
      return ops.add(ops.matMul(x, weight, { transposeB: true }), ops.matMul(narrow, left, { transposeB: true }))
    },
    merged(ops, { weight, factors }) {
      const { left, right } = sides(ops, factors)
      return { weight: ops.add(weight, ops.matMul(left, right)), bias: null }
    },
  }
}
