import type { InnerMatrix } from './subspace.ts'

/** A stretch of the inner vector with vectors of its own. */
export interface Block {
  readonly offset: number
  readonly length: number
}

/** The matrices one by one, each cut into pieces of nearly equal length, at most `longest`. */
export function cutBlocks(matrices: readonly InnerMatrix[], longest: number): Block[] {
  return matrices.flatMap(({ offset, rows, cols }) => {
    const length = rows * cols
    const pieces = Math.ceil(length / longest)
    const cut = (piece: number): number => Math.floor((piece * length) / pieces)
    return Array.from({ length: pieces }, (_, piece) => ({
      offset: offset + cut(piece),
      length: cut(piece + 1) - cut(piece),
    }))
  })
}

export const innerLength = (matrices: readonly InnerMatrix[]): number =>
  matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0)
