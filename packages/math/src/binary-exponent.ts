/** Exact powers of two by their bits: Math.log2 and Math.pow may differ in the last bit between engines. */

const float64 = new Float64Array(1)
const words = new Uint32Array(float64.buffer)
/** Where the sign and the exponent lie; 1 on the little-endian machines that exist, found out rather than assumed. */
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0

/**
 * floor(log2 |value|), exactly, subnormal numbers included.
 *
 * @param value Finite and not 0; 0 gives -Infinity, NaN and infinity give NaN.
 * @example binaryExponent(10) // 3, since 8 <= 10 < 16
 */
export function binaryExponent(value: number): number {
  if (value === 0) return Number.NEGATIVE_INFINITY
  if (!Number.isFinite(value)) return Number.NaN
  float64[0] = value
  const biased = (words[HIGH]! >>> 20) & 0x7ff
  if (biased > 0) return biased - 1023
  float64[0] = value * 18014398509481984
  return ((words[HIGH]! >>> 20) & 0x7ff) - 1023 - 54
}

/**
 * 2^exponent, exactly; 0 below the least subnormal number, Infinity above the largest.
 *
 * @param exponent An integer.
 */
export function powerOfTwo(exponent: number): number {
  if (exponent > 1023) return Number.POSITIVE_INFINITY
  if (exponent < -1074) return 0
  if (exponent < -1022) return powerOfTwo(exponent + 53) / 9007199254740992
  words[HIGH] = (exponent + 1023) << 20
  words[1 - HIGH] = 0
  return float64[0]!
}
