import { FedError } from '@tessera/vocabulary'
import { philox4x32, type Uint32x2 } from './philox.ts'

/** What names one stream of random numbers: part of the protocol, equal at everyone who must draw the same numbers. */
export interface StreamKey {
  /** The run's seed, 64 bits: an integer in 0..2^64 - 1 (as a number: a safe integer). */
  readonly seed: bigint | number
  /** What the numbers are for, printable ASCII, for instance `ferret-basis`. */
  readonly purpose: string
  /** Round number, an unsigned 32-bit integer. */
  readonly round: number
  /** Client number, an unsigned 32-bit integer; 0 where the stream belongs to no client. */
  readonly client: number
  /** Block, site or any other part that gets numbers of its own; an unsigned 32-bit integer. */
  readonly block: number
}

/**
 * Where a stream lies: word i of the stream is word (i mod 4) of Philox(key, counter = [low, high, ...tail]),
 * low and high being the 32-bit halves of floor(i / 4).
 */
export interface StreamOrigin {
  readonly key: Uint32x2
  readonly tail: Uint32x2
}

/**
 * The origin of a stream: one Philox call under the seed,
 *
 *   [k0, k1, t0, t1] = Philox(key = [seed mod 2^32, floor(seed / 2^32)],
 *                             counter = [FNV-1a-32(purpose), round, client, block])
 *
 * with key = [k0, k1] and tail = [t0, t1]. Philox is a bijection of its counter, so under one seed two streams whose
 * purposes hash apart never share an origin, and therefore no counter; nothing is lost to xor or truncation.
 *
 * @throws {FedError} `invalid-argument`: a part is outside its range.
 */
export function streamOrigin(key: StreamKey): StreamOrigin {
  const seed = seedWords(key.seed)
  const counter = [
    fnv1a32(key.purpose),
    uint32('round', key.round),
    uint32('client', key.client),
    uint32('block', key.block),
  ] as const
  const [k0, k1, t0, t1] = philox4x32(counter, seed)
  return { key: [k0, k1], tail: [t0, t1] }
}

/**
 * FNV-1a, 32 bits, over the bytes of printable ASCII text (http://www.isthe.com/chongo/tech/comp/fnv/).
 *
 * @throws {FedError} `invalid-argument`: the text is empty or has another character.
 * @example fnv1a32('a') // 0xe40c292c
 */
export function fnv1a32(text: string): number {
  if (!/^[\x20-\x7e]+$/.test(text)) {
    throw new FedError('invalid-argument', `a purpose must be printable ASCII, got ${JSON.stringify(text)}`)
  }
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

function seedWords(seed: bigint | number): Uint32x2 {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) return refuseSeed(seed)
  const wide = BigInt(seed)
  if (wide < 0n || wide > 0xffff_ffff_ffff_ffffn) return refuseSeed(seed)
  return [Number(wide & 0xffff_ffffn), Number(wide >> 32n)]
}

function refuseSeed(seed: bigint | number): never {
  throw new FedError('invalid-argument', `a seed must be an integer in 0..2^64 - 1, got ${seed}`, {
    fix: 'Pass a non-negative integer; above 2^53 - 1 pass it as a bigint.',
  })
}

function uint32(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value
  throw new FedError('invalid-argument', `${name} of a random stream must be in 0..2^32 - 1, got ${value}`)
}
