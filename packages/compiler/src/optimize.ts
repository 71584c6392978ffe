import type { Graph } from './graph.ts'
import { broadcastInMatmul, broadcastLate, simplifyExpand, tileAsExpand } from './passes/broadcast.ts'
import { addIntoMatmul, scaleIntoMatmul, transposeIntoMatmul, transposeOfMatmul } from './passes/fuse-matmul.ts'
import { dropEmpty, dropNoOps, simplifyReshape, simplifyTranspose } from './passes/layout.ts'
import { mergeLowRank } from './passes/merge-low-rank.ts'
import { type Rewrite, rewriteGraph } from './passes/rewrite.ts'
import { rotary } from './passes/rotary.ts'
import { divisionAsProduct, foldScalars, knownSelect, neutralOperands } from './passes/scalars.ts'
import { swapHalves } from './passes/swap-halves.ts'

const SIMPLIFY: readonly Rewrite[] = [
  dropEmpty,
  dropNoOps,
  simplifyExpand,
  tileAsExpand,
  broadcastLate,
  broadcastInMatmul,
  foldScalars,
  neutralOperands,
  divisionAsProduct,
  knownSelect,
  simplifyReshape,
  simplifyTranspose,
  swapHalves,
  transposeIntoMatmul,
]

/** Rewrites that ask who else reads a node come after, when equal nodes have become one. */
const FUSE: readonly Rewrite[] = [...SIMPLIFY, rotary, transposeOfMatmul, scaleIntoMatmul]
const MERGE: readonly Rewrite[] = [mergeLowRank]
const ACCUMULATE: readonly Rewrite[] = [addIntoMatmul]

/** The same graph with less to do: dead code, duplicates, stretched operands, known numbers and copies are gone. */
export const optimize = (graph: Graph): Graph => [SIMPLIFY, FUSE, MERGE, ACCUMULATE].reduce(rewriteGraph, graph)
