import {
  archiveOf,
  decodeCoordinates,
  decodeFactors,
  initialState,
  type RunArchive,
  type RunEvent,
  type RunRecord,
  type Stage,
  type TimedEvent,
  trainLayout,
  transition,
  verifyRun,
  withRanks,
} from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import { exportPeft } from '@tessera/runs'
import { collect } from '@tessera/testing'
import { type BlobHash, type Site, unwrap } from '@tessera/vocabulary'
import { expect } from 'vitest'
import type { World } from './mortal-federation.ts'

/** What has to be the same at the end of a run, however often its coordinator died. */
export interface Chronicle {
  readonly coordinates: BlobHash
  /** The name of the adapter that an export writes. */
  readonly adapterHash: BlobHash
  /** What was computed and counted, in the order of the log; who came and went when is left out. */
  readonly facts: readonly RunEvent[]
  /** Versions by round, all of them evaluated. */
  readonly versions: readonly object[]
  /** What was measured, without the times. */
  readonly metrics: readonly string[]
  /** Hashes of the updates that are still kept, by stage. */
  readonly kept: readonly string[]
}

const FACTS = new Set<RunEvent['type']>([
  'update-received',
  'assignment-failed',
  'pass-reduced',
  'factors-made',
  'aggregated',
  'committed',
])

/**
 * The run as the store has it at its end, after its log was found whole: it replays to the stored results and state, no
 * assignment was counted twice, and no stage was tried twice.
 */
export async function chronicleOf({ store, metricsOf, record, workbench }: World): Promise<Chronicle> {
  const archive = await archiveOf(store, record.runId)
  const findings = await collect(verifyRun(archive, { workbench }))
  expect(findings.at(-1)).toMatchObject({ type: 'end', phase: 'finished', open: null })
  const events = (await collect(archive.events())).map(({ event }) => event)
  const stages = stagesOf(record, events)
  expect(stages.filter(({ attempt }) => attempt > 1)).toEqual([])
  const counted = events.flatMap((event) => (event.type === 'update-received' ? [event.assignmentId] : []))
  expect(counted).toHaveLength(new Set(counted).size)
  return {
    coordinates: archive.state.coordinates!,
    adapterHash: await adapterHash(archive, (await workbench.weightOf?.(record)) ?? null),
    facts: events.filter((event) => FACTS.has(event.type)).map(({ at: _, ...fact }) => fact),
    versions: [...(await store.versionsOf(record.runId))].sort((one, other) => one.round - other.round),
    metrics: (await metricsOf(record.runId))
      .map(({ round, name, clientId, value }) => `${round} ${name} ${clientId}: ${value}`)
      .sort(),
    kept: await keptUpdates(archive, stages),
  }
}

type WeightOf = (site: Site) => Float32Array

/** The stages of the run as they were after each event. */
function stagesOf(record: RunRecord, events: readonly TimedEvent[]): Stage[] {
  let state = initialState(record)
  return events.flatMap((event) => {
    state = unwrap(transition(record, state, event)).state
    return state.stage ?? []
  })
}

async function adapterHash({ record, state, blob }: RunArchive, weightOf: WeightOf | null): Promise<BlobHash> {
  const layout = trainLayout(withRanks(record, state))
  const { files } = exportPeft({
    layout,
    frozen: unwrap(decodeFactors((await blob(state.factors!))!)),
    coordinates: unwrap(decodeCoordinates((await blob(state.coordinates!))!, layout.length)),
    baseModel: '',
    weightOf,
  })
  return hashBytes(files['adapter_model.safetensors'])
}

async function keptUpdates({ updates }: RunArchive, stages: readonly Stage[]): Promise<string[]> {
  const names = new Map(stages.map((stage) => [`${stage.kind} ${stage.index}`, stage]))
  const kept = await Promise.all([...names.values()].map((stage) => collect(updates(stage))))
  return kept
    .flat()
    .map(({ assignmentId, hash }) => `${assignmentId}: ${hash}`)
    .sort()
}
