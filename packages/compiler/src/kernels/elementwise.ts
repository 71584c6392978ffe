import type * as tf from '@tensorflow/tfjs'
import type { GraphNode } from '../graph.ts'
import { binary, cast, compare, scalarLike, select, unary } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

const float = (x: GraphNode): GraphNode => cast(x, 'float32')

/** Kernels whose result is float32 whatever goes in. */
const floatRule = (kernel: string, op: string): KernelRule => rule(kernel, ({ x }) => unary(op, float(x)))

const add = (a: GraphNode, b: GraphNode): GraphNode => binary('add', a, b)
const sub = (a: GraphNode, b: GraphNode): GraphNode => binary('sub', a, b)
const mul = (a: GraphNode, b: GraphNode): GraphNode => binary('mul', a, b)
const div = (a: GraphNode, b: GraphNode): GraphNode => binary('div', a, b)
const times = (x: GraphNode, value: number): GraphNode => mul(x, scalarLike(value, x))
const positive = (x: GraphNode): GraphNode => compare('greater', x, scalarLike(0, x))

/** exp(x) − 1 without cancellation: 2t / (1 − t) with t = tanh(x / 2), where |x| < 1. */
function expm1(x: GraphNode): GraphNode {
  const t = unary('tanh', times(x, 0.5))
  const near = div(times(t, 2), sub(scalarLike(1, t), t))
  const far = sub(unary('exp', x), scalarLike(1, x))
  return select(compare('less', unary('abs', x), scalarLike(1, x)), near, far)
}

/** log(1 + x) without cancellation: 2 atanh(x / (2 + x)), where |x| < 1/2. */
function log1p(x: GraphNode): GraphNode {
  const near = times(unary('atanh', div(x, add(x, scalarLike(2, x)))), 2)
  const far = unary('log', add(x, scalarLike(1, x)))
  return select(compare('less', unary('abs', x), scalarLike(0.5, x)), near, far)
}

const elu = (x: GraphNode): GraphNode => select(positive(x), x, expm1(x))

const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772

const leaky = (x: GraphNode, slope: GraphNode): GraphNode =>
  select(compare('less', x, scalarLike(0, x)), mul(slope, x), x)

/** The remainder has the sign of the divisor, as in Python; the graph's `mod` has that of the dividend, as in C. */
function floorMod(a: GraphNode, b: GraphNode): GraphNode {
  const rest = binary('mod', a, b)
  const otherSign = compare('less', mul(rest, b), scalarLike(0, rest))
  return select(otherSign, add(rest, b), rest)
}

function floorDiv(a: GraphNode, b: GraphNode): GraphNode {
  if (a.dtype === 'float32') return cast(unary('floor', div(a, b)), 'int32')
  const quotient = div(a, b)
  const rest = sub(a, mul(quotient, b))
  const tooLarge = compare('less', mul(rest, b), scalarLike(0, rest))
  return sub(quotient, cast(tooLarge, 'int32'))
}

/** Unary and binary arithmetic and the activations. */
export const elementwise: readonly KernelRule[] = [
  floatRule('Exp', 'exp'),
  floatRule('Log', 'log'),
  floatRule('Sqrt', 'sqrt'),
  floatRule('Sin', 'sin'),
  floatRule('Cos', 'cos'),
  floatRule('Tan', 'tan'),
  floatRule('Asin', 'asin'),
  floatRule('Acos', 'acos'),
  floatRule('Atan', 'atan'),
  floatRule('Sinh', 'sinh'),
  floatRule('Cosh', 'cosh'),
  floatRule('Tanh', 'tanh'),
  floatRule('Asinh', 'asinh'),
  floatRule('Acosh', 'acosh'),
  floatRule('Atanh', 'atanh'),
  floatRule('Sigmoid', 'sigmoid'),
  floatRule('Softplus', 'softplus'),
  floatRule('Erf', 'erf'),
  floatRule('Reciprocal', 'reciprocal'),
  floatRule('Floor', 'floor'),
  floatRule('Ceil', 'ceil'),
  rule('Round', ({ x }) => (x.dtype === 'float32' ? unary('round', x) : x)),
  rule('Rsqrt', ({ x }) => unary('reciprocal', unary('sqrt', float(x)))),
  rule('Expm1', ({ x }) => expm1(float(x))),
  rule('Log1p', ({ x }) => log1p(float(x))),
  rule('Neg', ({ x }) => unary('neg', x)),
  rule('Abs', ({ x }) => unary('abs', x)),
  rule('Sign', ({ x }) => unary('sign', x)),
  rule('Square', ({ x }) => mul(x, x)),
  rule('Relu', ({ x }) => unary('relu', x)),
  rule('Relu6', ({ x }) => binary('minimum', unary('relu', x), scalarLike(6, x))),
  rule('Elu', ({ x }) => elu(float(x))),
  rule('EluGrad', ({ dy, y }) => mul(dy, select(positive(y), scalarLike(1, y), add(y, scalarLike(1, y))))),
  rule('Selu', ({ x }) => times(select(positive(float(x)), float(x), times(expm1(float(x)), SELU_ALPHA)), SELU_SCALE)),
  rule<tf.LeakyReluAttrs>('LeakyRelu', ({ x }, { alpha }) => leaky(float(x), scalarLike(alpha, float(x)))),
  rule('Prelu', ({ x, alpha }) => leaky(x, alpha)),
  rule<tf.StepAttrs>('Step', ({ x }, { alpha }) => select(positive(x), scalarLike(1, x), scalarLike(alpha, x))),
  rule<tf.ClipByValueAttrs>('ClipByValue', ({ x }, { clipValueMin, clipValueMax }) =>
    binary('maximum', binary('minimum', x, scalarLike(clipValueMax, x)), scalarLike(clipValueMin, x)),
  ),
  rule('Add', ({ a, b }) => add(a, b)),
  rule('AddN', (terms) => Object.values(terms).reduce(add)),
  rule('Sub', ({ a, b }) => sub(a, b)),
  rule('Multiply', ({ a, b }) => mul(a, b)),
  rule('RealDiv', ({ a, b }) => div(float(a), float(b))),
  rule('FloorDiv', ({ a, b }) => floorDiv(a, b)),
  rule('Mod', ({ a, b }) => floorMod(a, b)),
  rule('Pow', ({ a, b }) => binary('pow', a, b)),
  rule('Maximum', ({ a, b }) => binary('maximum', a, b)),
  rule('Minimum', ({ a, b }) => binary('minimum', a, b)),
  rule('SquaredDifference', ({ a, b }) => mul(sub(a, b), sub(a, b))),
]
