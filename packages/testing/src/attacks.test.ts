import { describe, expect, it } from 'vitest'
import { aLittleIsEnough, largeNorm, littleEnough, normalQuantile, signFlip } from './attacks.ts'

/** Mean (2, 4), deviations √2 and √8. */
const honest = [Float32Array.of(1, 2), Float32Array.of(3, 6)]

describe('attacks', () => {
  it('sign flip and large norm point away from the honest mean', () => {
    expect(signFlip.vector(honest, 1)).toEqual(Float32Array.of(-2, -4))
    const [x, y] = largeNorm.vector(honest, 1)
    expect([y! / x!, Math.hypot(x!, y!)]).toEqual([2, expect.closeTo(2 ** 20, 0)])
    expect(x).toBeLessThan(0)
  })

  it('a little is enough stays z deviations below the mean', () => {
    // n = 5 and f = 3: no honest client is needed, z = 3
    const [x, y] = aLittleIsEnough.vector(honest, 3)
    expect([x, y]).toEqual([expect.closeTo(2 - 3 * Math.SQRT2, 5), expect.closeTo(4 - 3 * Math.sqrt(8), 5)])
  })

  it('takes z from the number of honest clients that must stand further out', () => {
    expect(littleEnough(50, 24)).toBeCloseTo(1.426, 3) // 26 - 24 = 2 supporters, Φ(z) = 24 / 26
    expect(littleEnough(5, 1)).toBeCloseTo(0, 9) // 3 - 1 = 2 of 4, the mean itself
  })

  it('knows the normal distribution', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6)
    expect(normalQuantile(0.0013498980316301)).toBeCloseTo(-3, 6)
  })
})
