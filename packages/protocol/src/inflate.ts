/** DEFLATE, read: RFC 1951 (https://www.rfc-editor.org/rfc/rfc1951). As strict as zlib, and it ends where it is told. */
import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { DeflateBits, notDeflate } from './deflate-bits.ts'
import { type HuffmanCode, huffmanCode, readSymbol } from './huffman-code.ts'
import { InflatedBytes, type InflateLimits } from './inflated-bytes.ts'

/** The codes of a block: of literals and lengths, and of distances. */
interface Codes {
  readonly literals: HuffmanCode
  readonly distances: HuffmanCode
}

/**
 * What one raw DEFLATE stream holds; never throws. Error: 'invalid-message', where the stream is cut short, wrong,
 * longer than `mostBytes`, or has bytes after its end.
 *
 * @param bytes Not modified.
 */
export function inflate(bytes: Uint8Array, limits: InflateLimits): Result<Uint8Array, FedError> {
  try {
    const bits = new DeflateBits(bytes)
    const out = new InflatedBytes(limits, 4 * bytes.length)
    let isLast = false
    while (!isLast) {
      isLast = bits.take(1) === 1
      readBlock(bits, out)
    }
    return bits.ended() ? ok(out.bytes()) : err(notDeflate('bytes follow its end'))
  } catch (error) {
    if (error instanceof FedError) return err(error)
    throw error
  }
}

function readBlock(bits: DeflateBits, out: InflatedBytes): void {
  switch (bits.take(2)) {
    case 0:
      readStored(bits, out)
      break
    case 1:
      readCoded(bits, out, FIXED)
      break
    case 2:
      readCoded(bits, out, readCodes(bits))
      break
    default:
      throw notDeflate('a block is of no kind')
  }
}

function readStored(bits: DeflateBits, out: InflatedBytes): void {
  const [low, high, notLow, notHigh] = bits.takeBytes(4) as unknown as [number, number, number, number]
  if ((low ^ notLow) !== 0xff || (high ^ notHigh) !== 0xff) throw notDeflate('the length of a block is wrong')
  out.append(bits.takeBytes(low | (high << 8)))
}

const END_OF_BLOCK = 256
/** Symbols 257 to 285 are lengths, of which the first is 3 and the last 258. RFC 1951, 3.2.5. */
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const LENGTHS = startsOf(LENGTH_BITS, 3).with(-1, 258)
const DISTANCE_BITS = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1))
const DISTANCES = startsOf(DISTANCE_BITS, 1)

/** Each number begins where the range of the one before it ends. */
function startsOf(extraBits: readonly number[], first: number): number[] {
  let start = first
  return extraBits.map((bits) => {
    start += 2 ** bits
    return start - 2 ** bits
  })
}

function readCoded(bits: DeflateBits, out: InflatedBytes, { literals, distances }: Codes): void {
  for (;;) {
    const symbol = readSymbol(bits, literals)
    if (symbol === END_OF_BLOCK) return
    if (symbol < END_OF_BLOCK) out.push(symbol)
    else {
      const length = numberOf(bits, symbol - END_OF_BLOCK - 1, LENGTHS, LENGTH_BITS)
      out.repeat(length, numberOf(bits, readSymbol(bits, distances), DISTANCES, DISTANCE_BITS))
    }
  }
}

function numberOf(bits: DeflateBits, symbol: number, starts: readonly number[], extraBits: readonly number[]): number {
  const start = starts[symbol]
  if (start === undefined) throw notDeflate('a length or distance is none')
  return start + bits.take(extraBits[symbol]!)
}

const FIXED: Codes = {
  literals: huffmanCode(new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280)),
  distances: huffmanCode(new Uint8Array(32).fill(5)),
}

const [MOST_LITERALS, MOST_DISTANCES] = [286, 30]
/** In this order come the lengths of the words that the lengths are written with. RFC 1951, 3.2.7. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function readCodes(bits: DeflateBits): Codes {
  const literalCount = bits.take(5) + 257
  const distanceCount = bits.take(5) + 1
  if (literalCount > MOST_LITERALS || distanceCount > MOST_DISTANCES) throw notDeflate('a code has too many symbols')
  const own = new Uint8Array(ORDER.length)
  const ownCount = bits.take(4) + 4
  for (const symbol of ORDER.slice(0, ownCount)) own[symbol] = bits.take(3)
  const lengths = readLengths(bits, huffmanCode(own), literalCount + distanceCount)
  if (lengths[END_OF_BLOCK] === 0) throw notDeflate('a block has no end')
  return {
    literals: huffmanCode(lengths.subarray(0, literalCount)),
    distances: huffmanCode(lengths.subarray(literalCount)),
  }
}

function readLengths(bits: DeflateBits, code: HuffmanCode, count: number): Uint8Array {
  const lengths = new Uint8Array(count)
  let at = 0
  while (at < count) {
    const symbol = readSymbol(bits, code)
    if (symbol < 16) {
      lengths[at++] = symbol
      continue
    }
    if (symbol === 16 && at === 0) throw notDeflate('nothing comes before what is repeated')
    const value = symbol === 16 ? lengths[at - 1]! : 0
    const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7)
    if (at + times > count) throw notDeflate('a code has too many lengths')
    lengths.fill(value, at, at + times)
    at += times
  }
  return lengths
}
