import { type AdapterMethod, initialisations } from '@tessera/adapters'
import { aggregators, rulesFor } from '@tessera/aggregators'
import { codecs } from '@tessera/codecs'
import { FedError, type Site } from '@tessera/vocabulary'
import { checkAggregation, methodTraits } from './aggregation.ts'
import { checkRankPolicy } from './check-rank-policy.ts'
import { checkSubspace } from './check-subspace.ts'
import { type FederationSpec, federationSpec } from './federation-spec.ts'
import type { RunRecord } from './run-state.ts'
import type { StageSetting } from './stage-layout.ts'
import { frameOf } from './stretches.ts'

/** The initialisation of a run that names none: the one of the method's paper, or none where the method starts itself. */
export function defaultInitialisation({
  initialisation: name = 'none',
}: AdapterMethod): FederationSpec['initialisation'] {
  return initialisations.selectionOrNone.parse({ name })
}

/** The rule of a run that names none: the best one that goes with all the rest; the preset where none does. */
export function defaultAggregator(spec: RunRecord['spec']): FederationSpec['aggregator'] {
  const rule = legalRule({ spec, sites: [ANY_SITE] })
  return rule === undefined ? PRESET.aggregator : aggregators.selection.parse({ rule })
}

/**
 * How the steps of a run travel that does not say it: whole versions; where every round adds a stretch of its own, that
 * stretch as it is, so that nobody fetches all rounds in every round.
 */
export function defaultDownlink(spec: Pick<FederationSpec, 'subspace'>): FederationSpec['downlink'] {
  return frameOf(spec)?.per === 'round' ? STRETCH_ALONE : PRESET.downlink
}

/** Where all rules are refused for another part's sake, one whose refusal is about that part. */
function legalRule(setting: StageSetting): string | undefined {
  const isLegal = (check: Check) => (rule: string) =>
    check({ ...setting, spec: { ...setting.spec, aggregator: { rule } } }).ok
  try {
    const aggregating = rulesFor(methodTraits(setting)).filter(isLegal(checkAggregation))
    const others = [checkSubspace, checkRankPolicy]
    return aggregating.find((rule) => others.every((check) => isLegal(check)(rule))) ?? aggregating[0]
  } catch (error) {
    if (error instanceof FedError) return undefined // no layer of this size carries the method
    throw error
  }
}

type Check = typeof checkAggregation

const PRESET = federationSpec.parse({})
const STRETCH_ALONE = codecs.selectionOrNone.parse({ codec: 'float32' })

/** What a method trains is of the same classes at every layer; this one is large enough for most ranks. */
const ANY_SITE: Site = { name: 'layers.0.layer', outDim: 4096, inDim: 4096 }
