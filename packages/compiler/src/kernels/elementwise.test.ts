import * as tf from '@tensorflow/tfjs'
import { type Draw, describeKernelRules, type KernelCase } from '@tessera/testing'
import { elementwise } from './elementwise.ts'

type Unary = (x: tf.Tensor) => tf.Tensor
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor

/** f(x), x in [low, high). */
const unary =
  (f: Unary, low = -3, high = 3): KernelCase =>
  (draw) => ({ inputs: { x: draw.floats(draw.shape(0, 4), low, high) }, compute: ({ x }) => f(x!) })

/** f(x) of float32 and of int32. */
const unaryOfBoth =
  (f: Unary): KernelCase =>
  (draw) => ({ inputs: { x: draw.numbers(draw.shape(0, 4)) }, compute: ({ x }) => f(x!) })

/** f(a, b), broadcast, of two tensors of one type. */
const binary =
  (f: Binary): KernelCase =>
  (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    const of = (shape: number[]) => (integers ? draw.ints(shape) : draw.floats(shape))
    const integers = draw.boolean()
    return { inputs: { a: of(left), b: of(right) }, compute: ({ a, b }) => f(a!, b!) }
  }

/** f(a, b) with b away from zero: 1 … 4 or −4 … −1. */
const quotient =
  (f: Binary): KernelCase =>
  (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    const integers = draw.boolean()
    const [low, high] = draw.boolean() ? [1, 4] : [-4, -1]
    const divisor = integers ? draw.ints(right, low, high) : draw.floats(right, low, high)
    return {
      inputs: { a: integers ? draw.ints(left, -9, 9) : draw.floats(left, -9, 9), b: divisor },
      compute: ({ a, b }) => f(a!, b!),
    }
  }

const sameShape = (draw: Draw, count: number, shape = draw.shape(0, 4)) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, draw.floats(shape)]))

describeKernelRules('elementwise', elementwise, {
  Exp: unaryOfBoth(tf.exp),
  Log: unary(tf.log, 0.1, 5),
  Sqrt: unary(tf.sqrt, 0, 5),
  Rsqrt: unary(tf.rsqrt, 0.1, 5),
  Sin: unary(tf.sin),
  Cos: unary(tf.cos),
  Tan: unary(tf.tan, -1, 1),
  Asin: unary(tf.asin, -1, 1),
  Acos: unary(tf.acos, -1, 1),
  Atan: unary(tf.atan),
  Sinh: unary(tf.sinh),
  Cosh: unary(tf.cosh),
  Tanh: unary(tf.tanh),
  Asinh: unary(tf.asinh),
  Acosh: unary(tf.acosh, 1.1, 5),
  Atanh: unary(tf.atanh, -0.9, 0.9),
  Sigmoid: unary(tf.sigmoid),
  Softplus: unary(tf.softplus, -20, 20),
  Erf: unary(tf.erf),
  Reciprocal: unary(tf.reciprocal, 0.2, 3),
  Floor: unary(tf.floor),
  Ceil: unary(tf.ceil),
  Round: (draw) => ({
    inputs: { x: draw.ints(draw.shape(0, 4), -9, 9) },
    compute: ({ x }) => tf.round(tf.mul(x!, 0.5)), // halves go to the even neighbour
  }),
  Expm1: unary(tf.expm1, -4, 2),
  Log1p: unary(tf.log1p, -0.9, 4),
  Neg: unaryOfBoth(tf.neg),
  Abs: unaryOfBoth(tf.abs),
  Sign: unaryOfBoth(tf.sign),
  Square: unaryOfBoth(tf.square),
  Relu: unaryOfBoth(tf.relu),
  Relu6: unary(tf.relu6, -3, 9),
  Elu: unary(tf.elu),
  EluGrad: (draw) => {
    const { x0: dy, x1: y } = sameShape(draw, 2)
    return {
      inputs: { dy: dy!, y: y! },
      compute: ({ dy, y }) => tf.engine().runKernel(tf.EluGrad, { dy: dy!, y: y! }) as tf.Tensor,
    }
  },
  Selu: unary(tf.selu),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.3)),
  Prelu: (draw) => {
    const shape = draw.shape(1, 4)
    const [slopes] = draw.broadcastable(1, shape) as [number[]]
    return {
      inputs: { x: draw.floats(shape), alpha: draw.floats(slopes) },
      compute: ({ x, alpha }) => tf.prelu(x!, alpha!),
    }
  },
  Step: unary((x) => tf.step(x, 0.25)),
  ClipByValue: unary((x) => tf.clipByValue(x, -1, 1.5)),
  Add: binary(tf.add),
  AddN: (draw) => ({ inputs: sameShape(draw, 3), compute: (terms) => tf.addN(Object.values(terms)) }),
  Sub: binary(tf.sub),
  Multiply: binary(tf.mul),
  RealDiv: (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    return { inputs: { a: draw.floats(left), b: draw.floats(right, 1, 3) }, compute: ({ a, b }) => tf.div(a!, b!) }
  },
  FloorDiv: quotient(tf.floorDiv),
  Mod: quotient(tf.mod),
  Pow: (draw) => {
    const [left, right] = draw.broadcastable(2) as [number[], number[]]
    return { inputs: { a: draw.floats(left, 0.2, 3), b: draw.floats(right) }, compute: ({ a, b }) => tf.pow(a!, b!) }
  },
  Maximum: binary(tf.maximum),
  Minimum: binary(tf.minimum),
  SquaredDifference: binary(tf.squaredDifference),
})
