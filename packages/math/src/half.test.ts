import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half.ts'

const everyPattern = Uint16Array.from({ length: 65536 }, (_, i) => i)
const encode16 = (...values: number[]) => Array.from(encodeFloat16(Float32Array.from(values)))
const encodeB16 = (...values: number[]) => Array.from(encodeBfloat16(Float32Array.from(values)))
const word = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)

/** The value of a finite pattern by the definition of its format. */
function meaningOf(pattern: number, exponentBits: number, fractionBits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1
  const exponent = (pattern >> fractionBits) & (2 ** exponentBits - 1)
  const fraction = (pattern & (2 ** fractionBits - 1)) / 2 ** fractionBits
  const magnitude = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias)
  return pattern & 0x8000 ? -magnitude : magnitude
}

const formats = [
  { name: 'float16', encode: encodeFloat16, decode: decodeFloat16, exponentBits: 5, fractionBits: 10 },
  { name: 'bfloat16', encode: encodeBfloat16, decode: decodeBfloat16, exponentBits: 8, fractionBits: 7 },
]

for (const { name, encode, decode, exponentBits, fractionBits } of formats) {
  describe(name, () => {
    const infinity = (2 ** exponentBits - 1) << fractionBits

    it('round-trips all 65,536 patterns, every NaN included', () => {
      expect(encode(decode(everyPattern))).toEqual(everyPattern)
    })

    it('decodes every pattern to the value its definition gives', () => {
      const decoded = decode(everyPattern)
      for (let pattern = 0; pattern < 65536; pattern++) {
        const magnitude = pattern & 0x7fff
        if (magnitude > infinity) expect(decoded[pattern]).toBeNaN()
        else if (magnitude < infinity)
          expect(Object.is(decoded[pattern], meaningOf(pattern, exponentBits, fractionBits))).toBe(true)
      }
      expect([decoded[infinity], decoded[infinity | 0x8000]]).toEqual([Infinity, -Infinity])
    })

    it('rounds halfway points between neighbours to the even one, and anything past them up or down', () => {
      const values = Array.from({ length: infinity }, (_, i) => meaningOf(i, exponentBits, fractionBits))
      for (let low = 0; low + 1 < infinity; low += 7) {
        const middle = (values[low]! + values[low + 1]!) / 2
        const bits = new Uint32Array(Float32Array.of(middle).buffer)[0]!
        const around = [bits - 1, bits, bits + 1].map((each) => encode(word(each))[0])
        expect(around).toEqual([low, low % 2 === 0 ? low : low + 1, low + 1])
      }
    })

    it('encodes any float32 to the nearest value', () => {
      const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })
      fc.assert(
        fc.property(float32, (value) => {
          const pattern = encode(Float32Array.of(value))[0]!
          const magnitude = pattern & 0x7fff
          fc.pre(magnitude < infinity)
          const error = Math.abs(Math.abs(value) - meaningOf(magnitude, exponentBits, fractionBits))
          const above = meaningOf(magnitude + 1, exponentBits, fractionBits)
          expect(error).toBeLessThanOrEqual(Math.abs(above - Math.abs(value)))
          if (magnitude > 0) {
            const below = meaningOf(magnitude - 1, exponentBits, fractionBits)
            expect(error).toBeLessThanOrEqual(Math.abs(Math.abs(value) - below))
          }
          expect(pattern >>> 15).toBe(Object.is(Math.sign(value), -0) || value < 0 ? 1 : 0)
        }),
      )
    })

    it('reads a view into a larger buffer and takes empty arrays', () => {
      const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
      expect(Array.from(decode(encode(values)))).toEqual([1, 2])
      expect(encode(new Float32Array(0)).length).toBe(0)
      expect(decode(new Uint16Array(0)).length).toBe(0)
    })
  })
}

describe('known values', () => {
  it('of float16: 1, -2, 1/3, 65504, the first that becomes infinity, the least normal and subnormal numbers', () => {
    expect(encode16(1, -2, 1 / 3, 65504, 65519.996, 65520, 2 ** -14, 2 ** -24, 2 ** -25, -0)).toEqual([
      0x3c00, 0xc000, 0x3555, 0x7bff, 0x7bff, 0x7c00, 0x0400, 0x0001, 0x0000, 0x8000,
    ])
    expect(encode16(Infinity, -Infinity, 1e38, -1e38, 1.5 * 2 ** -25)).toEqual([0x7c00, 0xfc00, 0x7c00, 0xfc00, 0x0001])
  })

  it('of bfloat16: 1, -2, pi, 1 + 2^-8 (a tie), 1 + 3 * 2^-8 (a tie), the largest float32', () => {
    expect(encodeB16(1, -2, Math.PI, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4028234663852886e38)).toEqual([
      0x3f80, 0xc000, 0x4049, 0x3f80, 0x3f82, 0x7f80,
    ])
    expect(encodeB16(Infinity, -Infinity, -0)).toEqual([0x7f80, 0xff80, 0x8000])
  })

  it('keep a NaN a NaN where its payload lies only in the bits that are dropped', () => {
    expect(encodeFloat16(word(0xff800001))[0]).toBe(0xfe00)
    expect(encodeBfloat16(word(0xff800001))[0]).toBe(0xffc0)
  })
})
