import { fromFloat32, matrix, multiplyLeftTransposed, toFloat32, transpose } from '@tessera/math'
import { matrixOfSpectrum, testRandom } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { measuredInFull, type SiteContext, type Spectrum } from './index.ts'
import { calibration, weights } from './initialisations-list.ts'

const site = (outDim: number, inDim: number) => ({ name: 'layer', outDim, inDim })
const context = (
  { outDim, inDim, rank }: { outDim: number; inDim: number; rank: number },
  config = {},
): SiteContext<never> => ({
  site: site(outDim, inDim),
  rank,
  config: config as never,
  random: testRandom(5),
  weight: null,
  measured: null,
})
/** A descent direction that a calibration file gave, [2, 2]. */
const measured = (...descent: number[]) => measuredInFull(matrix(2, 2, Float64Array.from(descent)), testRandom(5))
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => largest(Array.from(a, (value, at) => value - b[at]))

/** max |MᵀM − I| over both sides. */
function orthonormality({ u, s, vT }: Spectrum): number {
  const sides = [
    fromFloat32(u.length / s.length, s.length, u),
    transpose(fromFloat32(s.length, vT.length / s.length, vT)),
  ]
  return Math.max(
    ...sides.map((m) =>
      largest(multiplyLeftTransposed(m, m).data.map((value, at) => value - (at % (s.length + 1) === 0 ? 1 : 0))),
    ),
  )
}

describe('weights', () => {
  it.each([
    ['a tall layer', 40, 12],
    ['a wide layer', 12, 40],
  ])('gives the truncated SVD of %s of known spectrum', (_name, rows, cols) => {
    const known = matrixOfSpectrum({ rows, cols }, [10, 6, 3, 1, 0.5, 0.25], testRandom(rows))
    const spectrum = weights.spectrum({
      ...context({ outDim: rows, inDim: cols, rank: 3 }),
      weight: toFloat32(known.matrix),
    })
    expect(difference(spectrum.s, [10, 6, 3])).toBeLessThan(1e-5)
    const leading = Float32Array.from(known.svd.u.data.filter((_, at) => at % 6 < 3))
    expect(difference(spectrum.u, leading)).toBeLessThan(1e-5)
    expect(difference(spectrum.vT, toFloat32(transpose(known.svd.v)).subarray(0, 3 * cols))).toBeLessThan(1e-5)
    expect(orthonormality(spectrum)).toBeLessThan(1e-5)
  })

  it('stays orthonormal where the weight has less rank than is asked for', () => {
    const known = matrixOfSpectrum({ rows: 20, cols: 30 }, [2], testRandom(9))
    const spectrum = weights.spectrum({
      ...context({ outDim: 20, inDim: 30, rank: 4 }),
      weight: toFloat32(known.matrix),
    })
    expect(difference(spectrum.s, [2, 0, 0, 0])).toBeLessThan(1e-6)
    expect(orthonormality(spectrum)).toBeLessThan(1e-5)
  })
})

describe('calibration', () => {
  it('gradient: the SVD of −G, worked by hand', () => {
    const spectrum = calibration.spectrum({
      ...context({ outDim: 2, inDim: 2, rank: 2 }, { variant: 'gradient' }),
      measured: measured(3, 0, 0, -1), // −G = diag(3, −1) = I · diag(3, 1) · diag(1, −1)
    })
    expect(difference(spectrum.s, [3, 1])).toBeLessThan(1e-6)
    expect(difference(spectrum.u, [1, 0, 0, 1])).toBeLessThan(1e-6)
    expect(difference(spectrum.vT, [1, 0, 0, -1])).toBeLessThan(1e-6)
  })

  it('adam-sign: the SVD of −sign(G), where only the signs of a step count', () => {
    const spectrum = calibration.spectrum({
      ...context({ outDim: 2, inDim: 2, rank: 1 }, { variant: 'adam-sign' }),
      measured: measured(3, 0.001, 50, 7), // −sign(G) is all ones: 2 · (1, 1)/√2 · (1, 1)ᵀ/√2
    })
    expect(difference(spectrum.s, [2])).toBeLessThan(1e-6)
    expect(difference([...spectrum.u, ...spectrum.vT], Array(4).fill(Math.SQRT1_2))).toBeLessThan(1e-6)
  })

  it('keeps a zero of the gradient a zero of its sign', () => {
    const spectrum = calibration.spectrum({
      ...context({ outDim: 2, inDim: 2, rank: 2 }, { variant: 'adam-sign' }),
      measured: measured(4, 0, 0, 0),
    })
    expect(difference(spectrum.s, [1, 0])).toBeLessThan(1e-6)
  })
})
