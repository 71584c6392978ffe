import { adapterMethods } from '@tessera/adapters'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type CountOf, equalCountOptions, nearest } from './equal-count.ts'

const SITE = { name: 'layer', outDim: 512, inDim: 192 }

/** Numbers that a method trains at the site; null where its site says no. */
function counter(name: string): { method: ReturnType<typeof methodNamed>; countOf: CountOf } {
  const method = methodNamed(name)
  const countOf: CountOf = (options) => {
    try {
      const { factors } = method.site(SITE, options as never)
      return factors.reduce((sum, { train, rows, cols }) => sum + (train ? rows * cols : 0), 0)
    } catch {
      return null
    }
  }
  return { method, countOf }
}

const methodNamed = (name: string) => unwrap(adapterMethods.byName(name))

const chosen = (name: string, target: number) => {
  const { method, countOf } = counter(name)
  const options = equalCountOptions(method, target, countOf)
  return { options, count: countOf(options) }
}

describe('equalCountOptions', () => {
  it('takes LoRA at rank 6 for 4096 numbers: 6 · 704 = 4224 is nearer than 5 · 704 = 3520, and alpha / rank stays 2', () => {
    expect(chosen('lora', 4096)).toEqual({ options: { rank: 6, alpha: 12, start: 'zero' }, count: 4224 })
  })

  it('keeps a default that is right already: LoRA-SB of rank 32 trains 1024 numbers', () => {
    expect(chosen('lora-sb', 1024)).toMatchObject({ options: { rank: 32 }, count: 1024 })
  })

  it('turns to the next option where the rank changes nothing: NOLA trains 2 · bases numbers', () => {
    expect(chosen('nola', 1024)).toMatchObject({ options: { rank: 8, bases: 512 }, count: 1024 })
  })

  it('chooses a density in steps of 1/10,000: 983 of 98,304 numbers at one hundredth', () => {
    const { options, count } = chosen('lift', 983)
    expect(options.density).toBeCloseTo(0.01, 4)
    expect(Math.abs((count ?? 0) - 983)).toBeLessThan(10)
  })

  it('stays below a target that the layer can not carry: SVFit has 192 singular values', () => {
    expect(chosen('svfit', 1024)).toMatchObject({ options: { rank: 192 }, count: 192 })
  })

  it('finds a count that falls with the rank: RandLoRA trains 6 · (32 + 192) = 1344 numbers with six bases of rank 32', () => {
    expect(chosen('randlora', 1340)).toMatchObject({ options: { rank: 32 }, count: 1344 })
  })

  it('leaves a method without sizes as it is', () => {
    expect(chosen('ia3', 1024)).toEqual({ options: {}, count: 512 })
  })
})

describe('nearest', () => {
  it('takes the smaller of two values that are equally near: 4 and 6 around 5', () => {
    expect(nearest([1, 2, 3], 5, (value) => 2 * value)).toBe(2)
  })

  it('passes over values that are not possible, and says null where none is', () => {
    expect(nearest([1, 2, 3], 2, (value) => (value === 2 ? null : value))).toBe(1)
    expect(nearest([1, 2, 3], 2, () => null)).toBeNull()
  })
})
