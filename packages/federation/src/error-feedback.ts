/** Error feedback. Seide et al. 2014; Karimireddy et al. 2019 (https://arxiv.org/abs/1901.09847). */
import { type AdapterLayout, flatten, unflatten } from '@tessera/adapters'
import { codecs } from '@tessera/codecs'
import { hashBytes } from '@tessera/protocol'
import { type BlobHash, type ClientId, FedError, type RunId, type Update, unwrap } from '@tessera/vocabulary'
import { ruleOf } from './aggregation.ts'
import { roundLayout, type StageSetting, trainLayout } from './stage-layout.ts'
import { codecOf, type PackedUpdate, packUpdate, type UpdateWork, unpackUpdate } from './update-codec.ts'

/** What a client has not sent yet of its updates in a run. */
export interface Residual {
  readonly runId: RunId
  readonly clientId: ClientId
  /** The frozen factors that its updates belong to; with others it means nothing. */
  readonly artefact: BlobHash
  /** SHA-256 of the layout of `values`. */
  readonly layout: BlobHash
  /** e, over all of the run's coordinates; of a subspace that feeds back, over those of the adapter. */
  readonly values: Float32Array
}

/** Where a client's update belongs; the setting has the ranks of the round. */
export type ClientWork = UpdateWork & StageSetting & Pick<Residual, 'runId' | 'clientId' | 'artefact'>

/** What an update has in a compressed form, and what that form leaves out of it. */
export interface Compressed {
  readonly bytes: Uint8Array
  /** C(p), as everyone reads it. */
  readonly sent: Update
  /** p − C(p) */
  readonly left: Float32Array
}

/** p = Δ + e is sent as C(p), which leaves p − C(p); all in float32, so that both ends have the same numbers. */
export function compress(
  sum: Update,
  pack: (sum: Update) => Uint8Array,
  unpack: (bytes: Uint8Array) => Update,
): Compressed {
  const bytes = pack(sum)
  const sent = unpack(bytes)
  return { bytes, sent, left: sum.map((value, at) => value - sent[at]) }
}

/** Does what this codec leaves out go into the next update? */
export const feedsBack = (codec: Readonly<Record<string, unknown>> & { readonly codec: string }): boolean =>
  unwrap(codecs.byName(codec.codec))
    .properties(codec as never)
    .includes('error-feedback')

/**
 * An update as bytes: Δ + e on what the round trains, where the codec feeds back, with the residual that is to be kept
 * once the coordinator has taken it. What rests in the round keeps its residual. It starts over at zero with other
 * frozen factors or ranks; rules that give a place instead of a step leave nothing to feed back, since the next round
 * starts elsewhere, and neither do clients that each send another part.
 *
 * @param before What the last update that the coordinator took has left; null before the first.
 * @throws {FedError} `not-finite`; `invalid-residual`: `before` is of another run or client, or not whole.
 */
export function packWithResidual(
  work: ClientWork,
  update: Update,
  before: Residual | null,
): PackedUpdate & { readonly residual: Residual | null } {
  const { runId, clientId, artefact } = work
  const active = work.kind === 'train' && feedsBack(codecOf(work)) ? roundLayout(work, work.round) : null
  if (active?.length !== update.length || ruleOf(work).profile.gives === 'place')
    return { ...packUpdate(work, update, clientId), residual: null }
  const all = trainLayout(work)
  const place = { runId, clientId, artefact, layout: layoutHash(all) }
  const residual = unflatten(
    all,
    before === null ? new Float32Array(all.length) : residualAt(place, all.length, before),
  )
  const rest = flatten(active, residual)
  const sum = update.map((value, at) => value + rest[at])
  const { bytes, left } = compress(
    sum,
    (values) => packUpdate(work, values, clientId).bytes,
    (sent) => unwrap(unpackUpdate(work, { codec: codecOf(work).codec, length: sum.length, bytes: sent }, sum.length)),
  )
  const values = flatten(all, { ...residual, ...unflatten(active, left) })
  return { codec: codecOf(work).codec, bytes, residual: { ...place, values } }
}

/** e as `before` has it; zeros with other frozen factors or another layout. @throws {FedError} `invalid-residual` */
export function residualAt(place: Omit<Residual, 'values'>, length: number, before: Residual): Float32Array {
  if (before.runId !== place.runId || before.clientId !== place.clientId) {
    const message = `the residual is that of client ${before.clientId} in run ${before.runId}`
    throw invalidResidual(`${message}, not of ${place.clientId} in ${place.runId}`)
  }
  if (before.artefact !== place.artefact || before.layout !== place.layout) return new Float32Array(length)
  if (before.values.length !== length || !before.values.every(Number.isFinite)) {
    throw invalidResidual(`the residual does not hold ${length} finite numbers`)
  }
  return before.values
}

/** What is kept of earlier rounds can not be used here. */
export const invalidResidual = (message: string, place = 'The file'): FedError =>
  new FedError('invalid-residual', message, {
    fix: `${place} can be removed: the run goes on without what was not sent of earlier rounds.`,
  })

export const layoutHash = ({ segments }: AdapterLayout): BlobHash =>
  hashBytes(
    new TextEncoder().encode(
      JSON.stringify(segments.map(({ site, factor, offset, length }) => [site, factor, offset, length])),
    ),
  )
