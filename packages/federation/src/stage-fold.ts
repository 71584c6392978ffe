import { type Fold, weightedMean } from '@tessera/aggregators'
import { FedError, unwrap } from '@tessera/vocabulary'
import { foldContext, ruleOf } from './aggregation.ts'
import { sumGrid } from './grid.ts'
import { decodeUpdate } from './intake.ts'
import type { StageName, Store } from './ports.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { withRanks } from './stage-layout.ts'
import { exactWeight } from './staleness.ts'

/** As much of a store as a fold is made again from. */
export type FoldStore = Pick<Store, 'updatesOf' | 'readBlob'>

/** An empty fold for the updates of the stage under way; passes of the initialisation are always summed. */
export async function beginFold(record: RunRecord, state: RunState, readBlob: FoldStore['readBlob']): Promise<Fold> {
  const { stage } = state
  if (stage === null) throw new FedError('internal', 'no stage is under way')
  const setting = withRanks(record, state)
  const grid = sumGrid(setting, stage)
  if (stage.kind === 'probe') return weightedMean.begin(grid, {})
  const rule = ruleOf(record)
  const context = rule.profile.reads !== 'updates' ? await foldContext(setting, state, readBlob) : undefined
  return rule.begin(grid, record.spec.aggregator as never, context)
}

/** The fold of the stage under way, kept from update to update. */
export class StageFold {
  readonly #record: RunRecord
  readonly #store: FoldStore
  #kept: { readonly stage: StageName; readonly fold: Fold } | null = null

  constructor(record: RunRecord, store: FoldStore) {
    this.#record = record
    this.#store = store
  }

  /** Rebuilt from the stored updates where it is not at hand. */
  async of(state: RunState): Promise<Fold> {
    this.keepFor(state)
    const fold = this.#kept?.fold ?? (await refold(this.#record, state, this.#store))
    this.#kept = { stage: state.stage as Stage, fold }
    return fold
  }

  /** Forgotten when its stage is over. */
  keepFor({ stage }: RunState): void {
    if (stage?.kind !== this.#kept?.stage.kind || stage?.index !== this.#kept?.stage.index) this.drop()
  }

  /** It holds what was not stored, or is no longer needed. */
  drop(): void {
    this.#kept = null
  }
}

/** The fold of the stage under way, rebuilt from the stored updates: what a restart needs. */
export async function refold(run: RunRecord, state: RunState, store: FoldStore): Promise<Fold> {
  const fold = await beginFold(run, state, (hash) => store.readBlob(hash))
  const record = withRanks(run, state)
  const stage = state.stage as Stage
  for await (const update of store.updatesOf(record.runId, stage)) {
    unwrap(fold.add(unwrap(decodeUpdate(record, stage, update)), exactWeight(record, stage, update)))
  }
  return fold
}
