import { type BitReader, trailingOnes } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'

/**
 * Golomb's code of a non-negative integer v with parameter m: ⌊v / m⌋ ones, a zero, then v mod m in truncated binary.
 * Golomb 1966; within 0.7 % of the entropy of geometric gaps when m fits.
 */
export interface Golomb {
  readonly m: number
  /** Bits of the longer remainders, ⌈log₂ m⌉. */
  readonly width: number
  /** Remainders below this take one bit less. */
  readonly short: number
  /** Bits of the shortest code. */
  readonly least: number
}

/** Largest parameter that is written. */
export const LARGEST_GOLOMB = 2 ** 23

export function golomb(m: number): Golomb {
  const width = Math.ceil(Math.log2(m))
  const short = 2 ** width - m
  return { m, width, short, least: short > 0 ? width : width + 1 }
}

export function writeGolomb(writer: BitWriter, value: number, { m, width, short }: Golomb): void {
  let ones = (value / m) | 0
  const remainder = value - ones * m
  for (; ones + width >= 24; ones -= 1) writer.write(1, 1)
  const long = remainder >= short
  // of a longer remainder the upper bits first: they tell the reader whether one more follows
  const raised = remainder + short
  const rest = !long ? remainder : width === 0 ? 0 : (raised >>> 1) | ((raised & 1) << (width - 1))
  writer.write(((1 << ones) - 1) | (rest << (ones + 1)), ones + width + (long ? 1 : 0))
}

/** The next value; more than `limit`, where the code stands for no value up to it. */
export function readGolomb(reader: BitReader, { m, width, short }: Golomb, limit: number): number {
  const ahead = reader.peek()
  const ones = trailingOnes(ahead)
  if (ones + width >= 24) return readLongGolomb(reader, { m, width, short }, limit)
  if (width === 0) {
    reader.skip(ones + 1)
    return ones
  }
  const rest = ahead >>> (ones + 1)
  const upper = rest & ((1 << (width - 1)) - 1)
  if (upper < short) {
    reader.skip(ones + width)
    return ones * m + upper
  }
  reader.skip(ones + 1 + width)
  return ones * m + upper * 2 + ((rest >>> (width - 1)) & 1) - short
}

/** One that is longer than what can be seen at once. */
function readLongGolomb(reader: BitReader, { m, width, short }: Omit<Golomb, 'least'>, limit: number): number {
  const ones = reader.unary(Math.floor(limit / m))
  if (width === 0) return ones
  const upper = reader.read(width - 1)
  const remainder = upper < short ? upper : upper * 2 + reader.read(1) - short
  return ones * m + remainder
}

/** The parameter with which these gaps take the fewest bits, among those around ln 2 times their mean, counted exactly. */
export function bestGolomb(gaps: Int32Array): number {
  let sum = 0
  for (let at = 0; at < gaps.length; at++) sum += gaps[at]!
  const mean = sum / gaps.length
  const middle = Math.min(LARGEST_GOLOMB - 2, Math.max(3, Math.round(Math.LN2 * (mean + 0.5))))
  const candidates = [...new Set([1, 2, middle - 2, middle - 1, middle, middle + 1, middle + 2])]
  const counted = candidates.map((m) => ({ m, bits: bitsOf(gaps, golomb(m)) }))
  return counted.reduce((best, each) => (each.bits < best.bits ? each : best)).m
}

function bitsOf(gaps: Int32Array, { m, width, short }: Golomb): number {
  let bits = gaps.length * (1 + width)
  for (let at = 0; at < gaps.length; at++) {
    const gap = gaps[at]!
    const ones = (gap / m) | 0
    bits += gap - ones * m < short ? ones - 1 : ones
  }
  return bits
}
