import { type Fold, isExactFor, type WeightedUpdate } from '@tessera/aggregators'
import { type BlobHash, FedError, type Update, unwrap } from '@tessera/vocabulary'
import { subspaceReplay } from './adapter-replay.ts'
import { methodTraits, ruleOf } from './aggregation.ts'
import { aggregationGap } from './aggregation-gap.ts'
import { decodeCoordinates } from './artefacts.ts'
import { decodeFrozen } from './frozen-factors.ts'
import { decodeUpdate } from './intake.ts'
import type { Ports, StoredMetric } from './ports.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { adapterLayout, stageLayout, trainLayout, withRanks } from './stage-layout.ts'
import { exactWeight } from './staleness.ts'

/** A round before it is aggregated, and the fold of its updates. */
export interface FoldedRound {
  readonly record: RunRecord
  readonly state: RunState
  readonly fold: Fold
}

type GapPorts = Pick<Ports, 'clock' | 'store' | 'workbench'>

/** How far a rule's result lies from the mean weight change: 0 for an exact one; nothing where no base model is at hand. */
export async function gapMetric(round: FoldedRound, ports: GapPorts): Promise<StoredMetric[]> {
  const { record, state } = round
  const exact = isExactFor(ruleOf(record), methodTraits(withRanks(record, state)))
  const value = exact ? 0 : await measuredGap(round, ports)
  if (value === null) return []
  const { index } = state.stage as Stage
  return [{ round: index, name: 'aggregation-gap', clientId: null, value, at: ports.clock.now() }]
}

async function measuredGap({ record, state, fold }: FoldedRound, { store, workbench }: GapPorts) {
  const weightOf = await workbench.weightOf?.(record)
  if (weightOf === undefined) return null
  const setting = withRanks(record, state)
  const stage = state.stage as Stage
  const read = async (hash: BlobHash | null): Promise<Uint8Array> => {
    const bytes = hash && (await store.readBlob(hash))
    if (!bytes) throw new FedError('unknown-blob', `the store has no blob ${hash}`)
    return bytes
  }
  const frozen = unwrap(decodeFrozen(record, await read(state.factors), weightOf))
  const coordinates = unwrap(decodeCoordinates(await read(state.coordinates), trainLayout(setting).length))
  const replay = subspaceReplay(setting, { frozen, weightOf })
  /** What an update does to the adapter: in a subspace, where its numbers move it to. */
  const moved = (update: Update): Update => replay?.moved(stage.index, coordinates, update) ?? update
  const updates: WeightedUpdate[] = []
  for await (const stored of store.updatesOf(record.runId, stage)) {
    const update = moved(unwrap(decodeUpdate(setting, stage, stored)))
    updates.push({ update, weight: exactWeight(record, stage, stored) })
  }
  const all = adapterLayout(setting)
  return aggregationGap({
    all,
    active: replay === null ? stageLayout(setting, stage) : all,
    frozen,
    weightOf,
    received: replay?.at(coordinates) ?? coordinates,
    updates,
    result: moved(fold.finish()),
    rest: fold.rest?.() ?? [],
  })
}
