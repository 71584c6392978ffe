import type { RandomStream } from '@tessera/math'
import type { FedError, Result, Update } from '@tessera/vocabulary'
import type { z } from 'zod'

/** The randomness of one encoding: fresh streams, each at its start. */
export interface CodecContext {
  /** The one that both ends draw alike: keyed by the run's seed and the round. */
  readonly shared: RandomStream
  /** The encoder's own. */
  readonly own: RandomStream
}

/** What a codec promises about C(x), beside its error bound; its laws check each one that it names. */
export type CodecProperty =
  /** Encoding what was decoded gives the same bytes. */
  | 'idempotent'
  /** E[C(x)] = x over the encoder's own stream, or over the shared one. */
  | 'unbiased'
  /** ‖x − C(x)‖² < ‖x‖² for x ≠ 0, so that error feedback converges. */
  | 'contractive'
  /** What one encoding leaves out is meant to be added to the next update; it is no larger than the update. */
  | 'error-feedback'

/** A way to write updates as bytes: little-endian; name, options, length and hash travel in the message around them. */
export interface Codec<Config extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly config: Config
  properties(config: z.output<Config>): readonly CodecProperty[]
  /**
   * Largest |decoded - value| for a vector whose largest |value| is `maxAbs`; 0 for a lossless codec.
   * A statement about the codec that its laws check.
   */
  errorBound(maxAbs: number, config: z.output<Config>): number
  /** Bits that an update of shape [length] takes at least in this form: what the ledger sets beside what was sent. */
  floorBits(length: number, config: z.output<Config>): number
  /**
   * The bytes of an update, shape [n]. Deterministic but for the streams; the update is not modified.
   *
   * @throws {FedError} `not-finite`: a number is NaN or infinite, or beyond what the codec can write.
   */
  encode(update: Update, config: z.output<Config>, context: CodecContext): Uint8Array<ArrayBuffer>
  /**
   * The update of shape [length] that a peer encoded; never throws. What the bytes claim is compared with how many there
   * are before anything is allocated, and that is at most 16 bytes a coordinate, two a byte and 8 KiB.
   * Errors: `corrupt-update`: not the bytes of so many numbers; `not-finite`: a number is NaN or infinite.
   */
  decode(
    bytes: Uint8Array,
    length: number,
    config: z.output<Config>,
    context: Pick<CodecContext, 'shared'>,
  ): Result<Update, FedError>
}

/** @example export const float32 = defineCodec({ name: 'float32', config: z.object({}), properties, errorBound, floorBits, encode, decode }) */
export const defineCodec = <Config extends z.ZodObject>(codec: Codec<Config>): Codec<Config> => codec
