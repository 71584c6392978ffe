import type { Coordinates } from '@tessera/vocabulary'

/** A matrix inside the coordinates, row-major from `offset`. */
export interface CoordinateMatrix {
  readonly offset: number
  readonly rows: number
  readonly cols: number
}

/** A site that trains both factors of ΔW = scale · B A (plus what never changes): B [outDim, r] and A [r, inDim]. */
export interface FactorPair {
  readonly site: string
  readonly B: CoordinateMatrix
  readonly A: CoordinateMatrix
  readonly scale: number
}

/** What a rule that goes by more than vectors has to know of the round. */
export interface FoldContext {
  readonly pairs: readonly FactorPair[]
  /** Matrices whose rows are lines through the origin: only the direction of a row counts, and not its sign. */
  readonly lines: readonly CoordinateMatrix[]
  /** The coordinates that the updates were trained from. */
  readonly received: Coordinates
  /** The coordinates that a fresh start in this round would have. */
  readonly restart: Coordinates
}

/** What there is to know where all coordinates are plain numbers. */
export const PLAIN: FoldContext = { pairs: [], lines: [], received: new Float32Array(0), restart: new Float32Array(0) }

/** A change of the base weight of a site that no coordinates can hold: left · right, [outDim, rank] and [rank, inDim]. */
export interface BaseChange {
  readonly site: string
  readonly rank: number
  readonly left: Float32Array
  readonly right: Float32Array
}
