import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BasisForm } from './basis-form.ts'
import { plainBasis } from './plain-basis.ts'
import { addCombination } from './random-basis.ts'
import { createSimdBasis } from './simd-basis.ts'
import { streamOrigin } from './stream-key.ts'

const key = { seed: 5, purpose: 'ferret-basis', round: 3, client: 7, block: 2 }
const origin = streamOrigin(key)
const bits = (values: Float32Array): number[] => Array.from(new Uint32Array(values.slice().buffer))

describe('the SIMD form', () => {
  const simd = createSimdBasis() as BasisForm
  const finiteOrZero = (value: number): number => (Number.isFinite(value) ? value : 0)

  it('is what Node and browsers have', () => {
    expect(simd).toBeDefined()
  })

  it('has the bytes of the plain form for any part, any values and any coefficients', () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true })
    const cases = fc.record({
      distribution: fc.constantFrom('uniform' as const, 'rademacher' as const, 'bell' as const),
      values: fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 3000 }),
      coefficients: fc.array(fc.oneof(finite, fc.constantFrom(0, -0, 2 ** -149, -1, 1)), { maxLength: 6 }),
      vector: fc.nat({ max: 2 ** 32 - 7 }),
      entry: fc.oneof(fc.nat({ max: 6000 }), fc.nat({ max: 2 ** 32 - 3000 })),
    })
    fc.assert(
      fc.property(cases, ({ distribution, values, coefficients, vector, entry }) => {
        const basis = { origin, distribution }
        const start = { vector, entry }
        const [one, other] = [values.slice(), values.slice()]
        simd.addCombination(one, basis, Float32Array.from(coefficients), start)
        plainBasis.addCombination(other, basis, Float32Array.from(coefficients), start)
        // Sums past the largest float32 are not numbers of anyone; only what is finite must agree in its bits.
        expect(bits(one.map(finiteOrZero))).toEqual(bits(other.map(finiteOrZero)))
        const [here, there] = [simd, plainBasis].map((form) => form.projectOnto(basis, values, 3, start))
        expect(bits(here!.map(finiteOrZero))).toEqual(bits(there!.map(finiteOrZero)))
      }),
      { numRuns: 150 },
    )
  })
})

describe('where WebAssembly cannot be had', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })
  const Refused = class {
    constructor() {
      throw new Error('blocked by the content security policy')
    }
  }
  it.each([
    ['there is none', undefined],
    ['it knows no SIMD', { validate: (): boolean => false }],
    ['the page forbids it', { validate: (): boolean => true, Module: Refused }],
  ])('because %s, the plain form gives the same bytes', async (_, api) => {
    const basis = { key, distribution: 'uniform' as const }
    const expected = new Float32Array(100)
    addCombination(expected, basis, Float32Array.of(1))
    vi.stubGlobal('WebAssembly', api)
    expect(createSimdBasis()).toBeUndefined()
    vi.resetModules()
    const fresh = await import('./random-basis.ts')
    const target = new Float32Array(100)
    fresh.addCombination(target, basis, Float32Array.of(1))
    expect(bits(target)).toEqual(bits(expected))
  })
})
