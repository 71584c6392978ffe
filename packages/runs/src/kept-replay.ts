import type { FactorSet } from '@tessera/adapters'
import { decodeFrozen, type StageSetting, subspaceReplay } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import type { Replay } from '@tessera/subspaces'
import { unwrap } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'

/** Where a run in a subspace stands at a worker: its frozen factors, and the replay of its coordinates. */
export interface KeptReplay {
  readonly key: string
  readonly frozen: FactorSet
  readonly replay: Replay
}

/** The replay of a run is kept while the same run goes on, so that a round costs one stretch. */
export function keptReplay(
  kept: KeptReplay | null,
  key: string,
  { setting, artefact, model }: { setting: StageSetting; artefact: Uint8Array; model: BaseModel },
): KeptReplay {
  if (kept?.key === key) return kept
  const weightOf = baseWeights(model)
  const frozen = unwrap(decodeFrozen(setting, artefact, weightOf))
  return { key, frozen, replay: subspaceReplay(setting, { frozen, weightOf }) as Replay }
}
