import { comparison } from './compare.ts'
import { creation } from './creation.ts'
import { elementwise } from './elementwise.ts'
import { indexing } from './indexing.ts'
import { matmuls } from './matmul.ts'
import { reductions } from './reduce.ts'
import type { KernelRule } from './rule.ts'
import { shapes } from './shape.ts'

/** Every tfjs kernel that a step may use. A new one: a rule in its family's file, and its case in the law's table. */
export const kernelRules: readonly KernelRule[] = [
  ...elementwise,
  ...comparison,
  ...matmuls,
  ...reductions,
  ...shapes,
  ...indexing,
  ...creation,
]
