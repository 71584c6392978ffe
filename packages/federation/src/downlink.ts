/** Compressed broadcasts with a residual of the server's own: Tang et al. 2019, DoubleSqueeze (https://arxiv.org/abs/1905.05957). */
import { flatten, unflatten } from '@tessera/adapters'
import { codecContext, codecs } from '@tessera/codecs'
import { hashBytes } from '@tessera/protocol'
import { type BlobHash, err, FedError, ok, type Result, type Update, unwrap } from '@tessera/vocabulary'
import { ruleOf } from './aggregation.ts'
import { decodeCoordinates, encodeCoordinates } from './artefacts.ts'
import { compress, feedsBack } from './error-feedback.ts'
import { moved, type RoundLayouts } from './moved-coordinates.ts'
import { rankPolicyOf } from './rank-step.ts'
import { roundLayout, type StageSetting, trainLayout } from './stage-layout.ts'

export interface ServerMove {
  readonly layouts: RoundLayouts
  readonly round: number
  /** What the server makes of the round. */
  readonly update: Update
  /** What the steps before have left; null before the first. */
  readonly before: Uint8Array | null
}

export interface SentMove {
  /** What everyone moves the received coordinates by. */
  readonly update: Update
  /** The same as bytes; null where versions travel whole. */
  readonly step: Uint8Array | null
  /** What is left for the next step, float32 over all coordinates; null where nothing is fed back. */
  readonly unsent: Uint8Array | null
}

/** The move of a round as the run's down-link codec writes it, which is then the move itself, for the coordinator too. */
export function sentMove({ spec }: StageSetting, { layouts, round, update, before }: ServerMove): SentMove {
  const { downlink } = spec
  if (downlink.codec === 'none') return { update, step: null, unsent: null }
  const { all, active } = layouts
  const rest = unflatten(
    all,
    before === null ? new Float32Array(all.length) : unwrap(decodeCoordinates(before, all.length)),
  )
  const resting = flatten(active, rest)
  const { bytes, sent, left } = compress(
    update.map((value, at) => value + resting[at]),
    (sum) => unwrap(codecs.byName(downlink.codec)).encode(sum, downlink as never, contextOf(spec, round)),
    (packed) => unwrap(readStep(spec, { round, packed, length: active.length })),
  )
  const unsent = flatten(all, { ...rest, ...unflatten(active, left) })
  return { update: sent, step: bytes, unsent: feedsBack(downlink) ? encodeCoordinates(unsent) : null }
}

export interface ReceivedStep {
  /** The version before, as it travels whole. */
  readonly from: Uint8Array
  /** The round that made the step. */
  readonly round: number
  readonly packed: Uint8Array
  /** The version that it leads to. */
  readonly to: BlobHash
}

/**
 * The version that a step leads to, from the version before it, as it would travel whole. The setting has the ranks of
 * the round.
 *
 * Errors: `unknown-version`: it leads elsewhere, so it was coded against another version; `shape-mismatch`,
 * `corrupt-update` and others of a codec.
 */
export function takeStep(
  setting: StageSetting,
  { from, round, packed, to }: ReceivedStep,
): Result<Uint8Array, FedError> {
  const layouts: RoundLayouts = { all: trainLayout(setting), active: roundLayout(setting, round) }
  const received = decodeCoordinates(from, layouts.all.length)
  if (!received.ok) return received
  const step = readStep(setting.spec, { round, packed, length: layouts.active.length })
  if (!step.ok) return step
  const made = encodeCoordinates(moved(layouts, received.value, step.value))
  if (hashBytes(made) === to) return ok(made)
  return err(
    new FedError('unknown-version', `the step of round ${round} was coded against another version than is here`, {
      fix: 'Nothing has to be done: the version is fetched whole.',
    }),
  )
}

/** Refuse a down-link codec where the coordinates have to be exactly what the rule says. Errors: `invalid-config`. */
export function checkDownlink(setting: StageSetting): Result<void, FedError> {
  const { codec } = setting.spec.downlink
  if (codec === 'none') return ok(undefined)
  const rule = ruleOf(setting)
  const reason =
    rule.profile.gives === 'place'
      ? `${rule.name} says where the coordinates have to be, and a step by ${codec} would lead beside it`
      : rankPolicyOf(setting).policy.decide === undefined
        ? null
        : `${setting.spec.rankPolicy.name} changes which coordinates there are, and a step by ${codec} has no place for it`
  return reason === null
    ? ok(undefined)
    : err(new FedError('invalid-config', reason, { fix: 'Set downlink.codec to none.' }))
}

type Spec = StageSetting['spec']

function readStep(
  spec: Spec,
  { round, packed, length }: { round: number; packed: Uint8Array; length: number },
): Result<Update, FedError> {
  const known = codecs.byName(spec.downlink.codec)
  return known.ok ? known.value.decode(packed, length, spec.downlink as never, contextOf(spec, round)) : known
}

const contextOf = ({ seed }: Spec, round: number) => codecContext({ seed, round, link: 'down' })
