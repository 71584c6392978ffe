import { codecContext, codecs } from '@tessera/codecs'
import { fnv1a32 } from '@tessera/math'
import { type ClientId, err, FedError, type Result, type Update, unwrap } from '@tessera/vocabulary'
import type { FederationSpec } from './federation-spec.ts'
import type { StoredUpdate } from './ports.ts'
import type { Stage } from './run-state.ts'

type CodecChoice = FederationSpec['codec']

/** The part of a stage that an update answers; the round is the one that gave the work out. */
export interface UpdateWork {
  readonly spec: Pick<FederationSpec, 'codec' | 'seed'>
  readonly kind: Stage['kind']
  readonly round: number
}

/** Rounds travel by the run's codec; a pass of the initialisation as it is, since all that comes later hangs on it. */
export const codecOf = ({ spec, kind }: Omit<UpdateWork, 'round'>): CodecChoice =>
  kind === 'probe' ? { codec: 'float32' } : spec.codec

/** An update as bytes, and the codec that they are written with. */
export type PackedUpdate = Pick<StoredUpdate, 'codec' | 'bytes'>

/** An update as it is, with nothing of earlier rounds. @throws {FedError} `not-finite` */
export function packUpdate(work: UpdateWork, update: Update, client: ClientId): PackedUpdate {
  const codec = codecOf(work)
  const context = codecContext({ seed: work.spec.seed, round: work.round, client: fnv1a32(client) })
  return { codec: codec.codec, bytes: unwrap(codecs.byName(codec.codec)).encode(update, codec as never, context) }
}

/** The largest |value| that can be read of an update whose own largest is this: a codec may scale up what it sends. */
export function largestRead(codec: CodecChoice, largest: number): number {
  return largest + unwrap(codecs.byName(codec.codec)).errorBound(largest, codec as never)
}

/**
 * The inverse of `packUpdate`, for `length` coordinates; never throws. Errors: `unknown-codec`, `shape-mismatch`,
 * `corrupt-update`, `not-finite`.
 */
export function unpackUpdate(
  work: UpdateWork,
  update: Pick<StoredUpdate, 'codec' | 'length' | 'bytes'>,
  length: number,
): Result<Update, FedError> {
  const codec = codecOf(work)
  if (update.codec !== codec.codec) {
    return err(new FedError('unknown-codec', `this work travels by the codec ${codec.codec}, not ${update.codec}`))
  }
  if (update.length !== length) {
    const message = `an update of this stage has ${length} coordinates, not ${update.length}`
    return err(new FedError('shape-mismatch', message, { details: { expected: length, actual: update.length } }))
  }
  const known = codecs.byName(codec.codec)
  if (!known.ok) return known
  return known.value.decode(
    update.bytes,
    length,
    codec as never,
    codecContext({ seed: work.spec.seed, round: work.round }),
  )
}
