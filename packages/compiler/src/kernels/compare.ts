import { cast, compare, select, unary } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

/** Comparison, logic and selection. */
export const comparison: readonly KernelRule[] = [
  rule('Equal', ({ a, b }) => compare('equal', a, b)),
  rule('NotEqual', ({ a, b }) => unary('not', compare('equal', a, b))),
  rule('Less', ({ a, b }) => compare('less', a, b)),
  rule('LessEqual', ({ a, b }) => compare('lessEqual', a, b)),
  rule('Greater', ({ a, b }) => compare('greater', a, b)),
  rule('GreaterEqual', ({ a, b }) => compare('greaterEqual', a, b)),
  rule('LogicalAnd', ({ a, b }) => compare('and', a, b)),
  rule('LogicalOr', ({ a, b }) => compare('or', a, b)),
  rule('LogicalNot', ({ x }) => unary('not', x)),
  rule('IsNan', ({ x }) => unary('isNaN', cast(x, 'float32'), 'bool')),
  rule('IsInf', ({ x }) => unary('isInf', cast(x, 'float32'), 'bool')),
  rule('IsFinite', ({ x }) => {
    const value = cast(x, 'float32')
    return unary('not', compare('or', unary('isNaN', value, 'bool'), unary('isInf', value, 'bool')))
  }),
  rule('Select', ({ condition, t, e }) => select(condition, t, e)),
]
