import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { philox4x32, philox4x32Into, type Uint32x2, type Uint32x4 } from './philox.ts'

/** The same function from its definition, in arbitrary precision. */
function philoxByDefinition(counter: Uint32x4, key: Uint32x2): number[] {
  const mask = 0xffff_ffffn
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint]
  let [k0, k1] = key.map(BigInt) as [bigint, bigint]
  for (let round = 0; round < 10; round++) {
    const [first, second] = [0xd2511f53n * a, 0xcd9e8d57n * c]
    ;[a, b, c, d] = [(second >> 32n) ^ b ^ k0, second & mask, (first >> 32n) ^ d ^ k1, first & mask]
    ;[k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask]
  }
  return [a, b, c, d].map(Number)
}

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })

describe('philox4x32', () => {
  const ones = 0xffff_ffff
  const known: readonly { counter: Uint32x4; key: Uint32x2; answer: Uint32x4 }[] = [
    { counter: [0, 0, 0, 0], key: [0, 0], answer: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [ones, ones, ones, ones], key: [ones, ones], answer: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      answer: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ]
  for (const { counter, key, answer } of known) {
    it(`gives Random123's known answer for the counter that starts with ${counter[0].toString(16)}`, () => {
      expect(philox4x32(counter, key)).toEqual(answer)
    })
  }

  it('equals its definition in arbitrary precision for any counter and key', () => {
    fc.assert(
      fc.property(fc.tuple(uint32, uint32, uint32, uint32), fc.tuple(uint32, uint32), (counter, key) => {
        expect(philox4x32(counter, key)).toEqual(philoxByDefinition(counter, key))
      }),
      { numRuns: 500 },
    )
  })

  it('replaces a counter in place', () => {
    const words = new Uint32Array(4)
    philox4x32Into(words, 0, 0)
    expect(Array.from(words)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  })
})
