import { createRandomStream } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSymbols, encodeSymbols } from './adaptive-symbols.ts'

describe('symbols by how often they occur', () => {
  /** −Σ p log₂ p over what is there. */
  function entropyOf(symbols: Uint8Array): number {
    const counts = new Float64Array(256)
    for (const symbol of symbols) counts[symbol] = counts[symbol]! + 1
    return counts.reduce((bits, count) => (count === 0 ? bits : bits - count * Math.log2(count / symbols.length)), 0)
  }
  function bellSymbols(length: number, alphabet: number, deviation: number): Uint8Array {
    const random = createRandomStream({ seed: 5, purpose: 'test', round: 0, client: 0, block: 0 })
    const drawn = () => Math.round(alphabet / 2 + deviation * random.bell())
    return Uint8Array.from({ length }, () => Math.max(0, Math.min(alphabet - 1, drawn())))
  }

  it.each([
    [15, 0.5],
    [15, 2],
    [15, 100],
    [255, 0.5],
    [255, 5],
    [255, 60],
  ])('%d symbols of deviation %d take less than 1.02 of their entropy', (alphabet, deviation) => {
    const symbols = bellSymbols(10_000, alphabet, deviation)
    const bits = 8 * encodeSymbols(symbols, alphabet).length
    expect(bits).toBeGreaterThan(entropyOf(symbols) * 0.995)
    expect(bits).toBeLessThan(entropyOf(symbols) * 1.02)
  })

  it('come back, of any length and alphabet, and are refused cut off or longer', () => {
    const check = (list: number[], alphabet: number) => {
      const symbols = Uint8Array.from(list, (value) => value % alphabet)
      const bytes = encodeSymbols(symbols, alphabet)
      const accepted = (changed: Uint8Array) => decodeSymbols(changed, symbols.length, alphabet).ok
      expect(unwrap(decodeSymbols(bytes, symbols.length, alphabet))).toEqual(symbols)
      expect(accepted(bytes.subarray(0, -1)) || accepted(Uint8Array.of(...bytes, 0))).toBe(false)
    }
    const lists = fc.oneof(
      fc.array(fc.nat(255), { maxLength: 200 }),
      fc.array(fc.constantFrom(0, 255), { maxLength: 900 }),
    )
    fc.assert(fc.property(lists, fc.integer({ min: 2, max: 256 }), check), { numRuns: 500 })
  })

  it('of one kind take next to nothing: 100,000 times the same, in 28 bytes', () => {
    expect(encodeSymbols(new Uint8Array(100_000).fill(127), 255).length).toBe(28)
  })
})
