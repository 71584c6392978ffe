/**
 * float32 to and from the two 16-bit formats, by bits: IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits) and
 * bfloat16 (1, 8, 7). Encoding rounds to nearest, ties to even; what is too large becomes infinity, what is too small
 * a subnormal number or zero; the sign of zero, infinities and NaN (with the payload that fits) are kept.
 * Decoding is exact, so decode ∘ encode ∘ decode = decode for all 65,536 patterns.
 */

/** @example encodeFloat16(Float32Array.of(1, 65520)) // [0x3c00, 0x7c00]: the second is past the largest, 65504 */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const { start, shift } = float16Steps()
  const bits = bitsOf(values)
  const result = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!
    const by = shift[word >>> 23]!
    const fraction = (word & 0x7fffff) | 0x800000
    // half of what is dropped, less one where the kept part is even; a carry runs into the exponent, up to infinity
    const rounded = (fraction + (1 << (by - 1)) - 1 + ((fraction >>> by) & 1)) >>> by
    result[i] = (word & 0x7fffffff) > 0x7f800000 ? float16Nan(word) : start[word >>> 23]! + rounded
  }
  return result
}

/** @example decodeFloat16(Uint16Array.of(0x3c00, 0x0001)) // [1, 2^-24] */
export function decodeFloat16(patterns: Uint16Array): Float32Array {
  const table = float16Table()
  const result = new Float32Array(patterns.length)
  const bits = bitsOf(result)
  for (let i = 0; i < patterns.length; i++) bits[i] = table[patterns[i]!]!
  return result
}

/** @example encodeBfloat16(Float32Array.of(1, -2)) // [0x3f80, 0xc000] */
export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = bitsOf(values)
  const result = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!
    result[i] = (word & 0x7fffffff) > 0x7f800000 ? nanPattern(word) : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return result
}

/** @example decodeBfloat16(Uint16Array.of(0x3f80)) // [1] */
export function decodeBfloat16(patterns: Uint16Array): Float32Array {
  const result = new Float32Array(patterns.length)
  const bits = bitsOf(result)
  for (let i = 0; i < patterns.length; i++) bits[i] = patterns[i]! << 16
  return result
}

/** The same memory as words: reading a float as a number would let the processor quieten a signalling NaN. */
const bitsOf = (values: Float32Array): Int32Array => new Int32Array(values.buffer, values.byteOffset, values.length)

/** A bfloat16 NaN: the upper half, with a fraction bit set where only lower bits were. */
const nanPattern = (word: number): number => (word >>> 16) | ((word & 0x7f0000) === 0 ? 0x40 : 0)

/** What the sign and the exponent of a float32 say of its float16: a start, and by how much to shift the fraction. */
interface Float16Steps {
  readonly start: Uint16Array
  readonly shift: Uint8Array
}

let steps: Float16Steps | undefined

/** By the upper nine bits of the word, made on first use; the fraction counts with its leading one, 2^23. */
function float16Steps(): Float16Steps {
  steps ??= {
    start: Uint16Array.from({ length: 512 }, (_, upper) => ((upper & 0x100) << 7) | startOf(upper & 0xff)),
    shift: Uint8Array.from({ length: 512 }, (_, upper) => shiftOf(upper & 0xff)),
  }
  return steps
}

/** The exponent rebiased from 127 to 15, less the leading one; infinity from 2^16 on, nothing below 2^-14. */
function startOf(exponent: number): number {
  if (exponent > 142) return 0x7c00
  return exponent > 112 ? (exponent - 113) << 10 : 0
}

/** 13 for normal numbers, more for subnormal ones, in units of 2^-24; 31 leaves nothing of a fraction. */
function shiftOf(exponent: number): number {
  if (exponent > 142 || exponent < 102) return 31
  return exponent > 112 ? 13 : 126 - exponent
}

/** A float16 NaN: the upper part of the fraction, or its first bit where only lower ones were set. */
const float16Nan = (word: number): number =>
  ((word >>> 16) & 0x8000) | 0x7c00 | (word & 0x7fe000 ? (word >>> 13) & 0x3ff : 0x200)

let table: Int32Array | undefined

/** The float32 word of every float16 pattern, made on first use: 256 KiB. */
function float16Table(): Int32Array {
  table ??= Int32Array.from({ length: 65536 }, (_, pattern) => float32Word(pattern))
  return table
}

function float32Word(pattern: number): number {
  const sign = (pattern & 0x8000) << 16
  const exponent = (pattern >>> 10) & 0x1f
  const fraction = pattern & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  const shift = Math.clz32(fraction) - 21
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}
