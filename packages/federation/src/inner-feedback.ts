/** Error feedback of a subspace. Karimireddy et al. 2019 (https://arxiv.org/abs/1901.09847) with C(p) = V γ(p). */
import { type Update, unwrap } from '@tessera/vocabulary'
import { type ClientWork, compress, layoutHash, type Residual, residualAt } from './error-feedback.ts'
import { adapterLayout, placedNumbers } from './stage-layout.ts'
import { codecOf, type PackedUpdate, packUpdate, unpackUpdate } from './update-codec.ts'

/** What the numbers that a client sends of a round stand for. */
export interface Sought {
  /** p = Δ + e, over the coordinates of the adapter. */
  readonly sum: Float32Array
  /** The client's place in its cohort, from 0. */
  readonly place: number
  /** V c for the numbers c of the round's stretch: a new vector, as everyone has it. */
  readonly moved: (stretch: Float32Array) => Float32Array
}

/**
 * e: what the numbers of the client's earlier rounds do not say of its changes; zeros before the first, and with other
 * frozen factors. It is over the adapter's coordinates, which mean the same in every round, as stretches do not.
 *
 * @throws {FedError} `invalid-residual`: `before` is of another run or client, or not whole.
 */
export function innerResidual(work: ClientWork, before: Residual | null): Float32Array {
  const { length } = adapterLayout(work)
  return before === null ? new Float32Array(length) : residualAt(residualPlace(work), length, before)
}

/**
 * The numbers of a round as bytes, and e ← p − V c with the c that everyone reads in them: what the codec leaves out of
 * the numbers is in it too, so that the codec feeds back nothing of its own.
 *
 * @throws {FedError} `not-finite`
 */
export function packSought(
  work: ClientWork,
  update: Update,
  { sum, place, moved }: Sought,
): PackedUpdate & { readonly residual: Residual } {
  const { codec } = codecOf(work)
  const read = (bytes: Uint8Array): Update =>
    unwrap(unpackUpdate(work, { codec, length: update.length, bytes }, update.length))
  const { bytes, left } = compress(
    sum,
    () => packUpdate(work, update, work.clientId).bytes,
    (sent) => moved(placedNumbers(work, { kind: 'train', index: work.round }, { numbers: read(sent), place })),
  )
  return { codec, bytes, residual: { ...residualPlace(work), values: left } }
}

function residualPlace(work: ClientWork): Omit<Residual, 'values'> {
  const { runId, clientId, artefact } = work
  return { runId, clientId, artefact, layout: layoutHash(adapterLayout(work)) }
}
