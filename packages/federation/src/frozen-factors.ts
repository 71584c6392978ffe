import {
  type DerivationOptions,
  derivedFactors,
  type FactorSet,
  frozenFactors,
  type RankedSite,
  sentFactors,
} from '@tessera/adapters'
import { readSafetensors } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { z } from 'zod'
import { nonzeroStart } from './adapter-replay.ts'
import { decodeFactors, encodeFactors } from './artefacts.ts'
import { adapterLayout, type StageSetting, withRanks } from './stage-layout.ts'
import { frameOf } from './stretches.ts'

/** Names, in the artefact, what every party derives for itself. */
const DERIVED = 'derived'

/** Names, in the artefact, the ranks of the sites where each has its own. */
const RANKS = 'ranks'
const siteRanks = z.record(z.string(), z.int().nonnegative())

const hashOf = (factors: FactorSet): string => hashBytes(encodeFactors(factors))

/** The setting of a run's rounds: with the ranks of its sites, where the artefact tells them. */
export function withArtefactRanks<Setting extends StageSetting>(
  setting: Setting,
  artefact: Uint8Array,
): Result<Setting, FedError> {
  const file = readSafetensors(artefact)
  if (!file.ok) return file
  const told = file.value.metadata[RANKS]
  if (told === undefined) return ok(setting)
  try {
    return ok(withRanks(setting, { ranks: siteRanks.parse(JSON.parse(told)) }))
  } catch (cause) {
    return err(new FedError('corrupt-safetensors', 'the ranks in the artefact can not be read', { cause }))
  }
}

/**
 * The frozen factors of a run as they are sent once: those that are not derived, and the hash of those that are; in a
 * subspace also the trained ones as they start.
 */
export function encodeFrozen(setting: StageSetting, factors: FactorSet): Uint8Array {
  const layout = adapterLayout(setting)
  const start = frameOf(setting.spec) === null ? {} : nonzeroStart(layout, factors)
  const sent = { ...sentFactors(layout, factors), ...start }
  const derived = Object.entries(frozenFactors(layout, factors)).filter(([key]) => !(key in sent))
  const ranks = setting.sites.flatMap(({ name, rank }: RankedSite) => (rank === undefined ? [] : [[name, rank]]))
  return encodeFactors(sent, {
    ...(derived.length > 0 && { [DERIVED]: hashOf(Object.fromEntries(derived)) }),
    ...(ranks.length > 0 && { [RANKS]: JSON.stringify(Object.fromEntries(ranks)) }),
  })
}

/**
 * All frozen factors of a run: those that were sent, and those that are derived here.
 *
 * Errors: `hash-mismatch`: other factors are derived here than at the coordinator; those of a safetensors file.
 */
export function decodeFrozen(
  setting: StageSetting,
  bytes: Uint8Array,
  weightOf: DerivationOptions['weightOf'],
): Result<FactorSet, FedError> {
  const file = readSafetensors(bytes)
  if (!file.ok) return file
  const sent = decodeFactors(bytes)
  if (!sent.ok) return sent
  const ranked = withArtefactRanks(setting, bytes)
  if (!ranked.ok) return ranked
  const derived = derivedFactors(adapterLayout(ranked.value), { seed: setting.spec.seed, weightOf })
  const expected = file.value.metadata[DERIVED]
  if (Object.keys(derived).length > 0 && hashOf(derived) !== expected) {
    return err(new FedError('hash-mismatch', 'this party derives other frozen factors than the coordinator'))
  }
  return ok({ ...sent.value, ...derived })
}
