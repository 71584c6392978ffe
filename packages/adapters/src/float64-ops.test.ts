import { describe, expect, it } from 'vitest'
import { float64Tensor, float64Ops as ops } from './index.ts'

const six = float64Tensor([2, 3], [1, 2, 3, 4, 5, 6])
const values = ({ shape, data }: { shape: readonly number[]; data: Float64Array }) => [[...shape], [...data]]

describe('tensor operations in float64, worked by hand', () => {
  it('multiply matrices as they are, transposed, and stacked', () => {
    const square = float64Tensor([2, 2], [1, 2, 3, 4])
    expect(values(ops.matMul(square, six))).toEqual([
      [2, 3],
      [9, 12, 15, 19, 26, 33],
    ])
    expect(values(ops.matMul(six, six, { transposeB: true }))).toEqual([
      [2, 2],
      [14, 32, 32, 77],
    ])
    expect(values(ops.matMul(six, square, { transposeA: true }))).toEqual([
      [3, 2],
      [13, 18, 17, 24, 21, 30],
    ])
    const stack = float64Tensor([2, 1, 2], [1, 2, 3, 4])
    expect(values(ops.matMul(stack, float64Tensor([2, 2, 1], [1, 1, 10, 1])))).toEqual([
      [2, 1, 1],
      [3, 34],
    ])
    expect(() => ops.matMul(square, float64Tensor([3, 1], [1, 2, 3]))).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    )
  })

  it('repeat axes of length 1 and missing ones', () => {
    expect(values(ops.add(six, float64Tensor([3], [10, 20, 30])))).toEqual([
      [2, 3],
      [11, 22, 33, 14, 25, 36],
    ])
    expect(values(ops.mul(float64Tensor([2, 1], [1, -1]), six))).toEqual([
      [2, 3],
      [1, 2, 3, -4, -5, -6],
    ])
    expect(values(ops.sub(float64Tensor([1, 2], [1, 2]), float64Tensor([2, 1], [1, 2])))).toEqual([
      [2, 2],
      [0, 1, -1, 0],
    ])
    expect(values(ops.div(six, float64Tensor([1], [2])))).toEqual([
      [2, 3],
      [0.5, 1, 1.5, 2, 2.5, 3],
    ])
    expect(() => ops.add(six, float64Tensor([2], [1, 2]))).toThrow(expect.objectContaining({ code: 'shape-mismatch' }))
  })

  it('reshape, transpose, slice, join and sum', () => {
    expect(values(ops.reshape(six, [3, -1]))).toEqual([
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ])
    expect(values(ops.transpose(six, [1, 0]))).toEqual([
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ])
    const cube = float64Tensor([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7])
    expect(values(ops.transpose(cube, [1, 2, 0]))).toEqual([
      [2, 2, 2],
      [0, 4, 1, 5, 2, 6, 3, 7],
    ])
    expect(values(ops.slice(six, [0, 1], [2, 2]))).toEqual([
      [2, 2],
      [2, 3, 5, 6],
    ])
    expect(values(ops.slice(six, [1, 0], [1, 3]))).toEqual([
      [1, 3],
      [4, 5, 6],
    ])
    expect(values(ops.concat([six, float64Tensor([2, 1], [7, 8])], 1))).toEqual([
      [2, 4],
      [1, 2, 3, 7, 4, 5, 6, 8],
    ])
    expect(values(ops.sum(six, 0))).toEqual([
      [1, 3],
      [5, 7, 9],
    ])
    expect(values(ops.sum(six, 1))).toEqual([
      [2, 1],
      [6, 15],
    ])
    expect(() => ops.reshape(six, [4, 2])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }))
  })

  it('scale, and put values at positions', () => {
    expect(values(ops.scale(six, -2))).toEqual([
      [2, 3],
      [-2, -4, -6, -8, -10, -12],
    ])
    const at = float64Tensor([2, 2], [1, 0, 2, 1])
    expect(values(ops.scatter(float64Tensor([1, 2], [7, 8]), at, [2, 3]))).toEqual([
      [2, 3],
      [0, 8, 0, 0, 0, 7],
    ])
  })
})
