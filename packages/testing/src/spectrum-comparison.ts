import type { Spectrum } from '@tessera/adapters'
import { frobeniusNorm, fromFloat32, type Matrix, multiply, multiplyLeftTransposed, qr, transpose } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import { expect } from 'vitest'

export const leftOf = ({ u, s }: Spectrum, { outDim }: Site): Matrix => fromFloat32(outDim, s.length, u)
export const rightOf = ({ s, vT }: Spectrum, { inDim }: Site): Matrix => fromFloat32(s.length, inDim, vT)
export const asRow = (values: Float32Array): Matrix => fromFloat32(1, values.length, values)

/** U diag(s) Vᵀ; of a `right` start diag(s) Vᵀ. */
export function productOf(spectrum: Spectrum, site: Site): Matrix {
  const right = rightOf(spectrum, site)
  const scaled = { ...right, data: right.data.map((value, at) => value * spectrum.s[Math.floor(at / right.cols)]!) }
  return spectrum.start === 'right' ? scaled : multiply(leftOf(spectrum, site), scaled)
}

/** The sine of the largest principal angle between the spaces that rows span, from above. */
export function largestAngle(a: Matrix, b: Matrix): number {
  const [p, q] = [qr(transpose(a)).q, qr(transpose(b)).q]
  const inside = multiply(p, multiplyLeftTransposed(p, q))
  return frobeniusNorm({ ...q, data: q.data.map((value, at) => value - inside.data[at]!) })
}

/** To 1e-5, which is what float32 keeps. */
export function expectOrthonormal(columns: Matrix): void {
  const gram = multiplyLeftTransposed(columns, columns)
  gram.data.forEach((value, at) => {
    expect(Math.abs(value - (at % (gram.cols + 1) === 0 ? 1 : 0))).toBeLessThan(1e-5)
  })
}

/** Relative to the largest entry. */
export function expectNear(actual: Matrix, expected: Matrix, tolerance: number): void {
  expect([actual.rows, actual.cols]).toEqual([expected.rows, expected.cols])
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const difference = actual.data.reduce((most, value, at) => Math.max(most, Math.abs(value - expected.data[at]!)), 0)
  expect(difference).toBeLessThanOrEqual(tolerance * largest)
}
