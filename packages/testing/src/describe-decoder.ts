import { type ErrorCode, FedError, type Result } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, inject, it } from 'vitest'
import { allocatedBytes } from './allocated-bytes.ts'
import { mutatedBytes } from './mutated-bytes.ts'
import { testRandom } from './synthetic-matrix.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Mutated samples that every decoder is given; vitest.config.ts says how many. */
    mutatedFrames: number
  }
}

/** Whatever reads what another machine sent. */
export interface DecoderUnderTest<Value> {
  /** Whole encodings, that are accepted; mutations begin with them. */
  readonly samples: readonly Uint8Array[]
  readonly decode: (bytes: Uint8Array) => Result<Value, FedError>
  /** What may be wrong with bytes. */
  readonly refusals: readonly ErrorCode[]
  /** Most bytes of arrays that decoding may take, for so many bytes of input. */
  readonly allowedBytes: (size: number) => number
  /** Throws if a value should not have been accepted. */
  readonly check?: (value: Value) => void
  /** The part of the mutated samples that this one gets, where several are cases of one decoder; all by default. */
  readonly share?: number
}

/** Mutations that share one seed; fast-check prints the seed of a batch that fails. */
const BATCH = 50
/** Counting memory is slow, so that only every tenth sample is watched. */
const WATCHED = 1 / 10

/**
 * The laws of a decoder: every truncation and every longer form of a sample is refused, no mutation throws, hangs, is
 * refused without a code, or is accepted for what it is not, and memory is bounded by the size of what came.
 */
export function describeDecoder<Value>(name: string, decoder: DecoderUnderTest<Value>): void {
  const { samples, decode, refusals, check = () => {}, share = 1 } = decoder
  const frames = inject('mutatedFrames') * share
  const judge = (bytes: Uint8Array): boolean => {
    const decoded = decode(bytes)
    if (decoded.ok) check(decoded.value)
    else if (!(decoded.error instanceof FedError && refusals.includes(decoded.error.code))) throw decoded.error
    return decoded.ok
  }

  describe(`the decoder of ${name}`, () => {
    it('accepts its samples, and refuses them cut off at any byte or one byte longer', () => {
      for (const sample of samples) {
        expect(judge(sample)).toBe(true)
        for (let length = 0; length < sample.length; length++) expect(judge(sample.subarray(0, length))).toBe(false)
        expect(judge(Uint8Array.of(...sample, 0))).toBe(false)
      }
    })

    it(`survives ${frames} mutated samples`, () => {
      forMutations(samples, frames / BATCH, judge)
    })

    it(`takes no more memory than it may, whatever each of ${frames * WATCHED} mutated samples claims`, () => {
      forMutations(samples, (frames * WATCHED) / BATCH, (bytes) => {
        const taken = allocatedBytes(() => judge(bytes))
        if (taken > decoder.allowedBytes(bytes.length))
          throw new Error(`${taken} bytes taken for the ${bytes.length} of ${Array.from(bytes)}`)
      })
    })
  })
}

function forMutations(samples: readonly Uint8Array[], batches: number, judge: (bytes: Uint8Array) => void): void {
  const batch = (seed: number): void => {
    const random = testRandom(seed)
    for (let frame = 0; frame < BATCH; frame++) judge(mutatedBytes(samples[random.below(samples.length)]!, random))
  }
  fc.assert(fc.property(fc.noShrink(fc.nat()), batch), { numRuns: batches })
}
