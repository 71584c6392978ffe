import type { AdapterLayout } from '@tessera/adapters'
import {
  adapterLayout,
  createAdapterReplay,
  decodeBaseChanges,
  decodeCoordinates,
  decodeFrozen,
  type StageSetting,
  trainLayout,
  withArtefactRanks,
} from '@tessera/federation'
import type { BaseModel, BaseModelFile } from '@tessera/models'
import { FedError, unwrap } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'
import { hasLoraPair } from './lora-pair.ts'
import { exportMerged } from './merged-export.ts'
import { type ExportExactness, exportPeft } from './peft-export.ts'

/** What can be asked for: `auto` is PEFT where the weight change has a LoRA form, else merged weights. */
export const EXPORT_FORMATS = ['auto', 'peft', 'merged'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** A version of a run's adapter as it is stored. */
export interface StoredAdapter {
  readonly setting: StageSetting
  readonly artefact: Uint8Array
  readonly coordinates: Uint8Array
  /** What the run's rounds have added to the base weights. */
  readonly baseChange: Uint8Array | null
}

/** A base model with the bytes of its files. */
export interface ModelFolder {
  readonly model: BaseModel
  readonly files: Readonly<Partial<Record<BaseModelFile, Uint8Array>>>
}

export interface ExportOptions {
  readonly format: ExportFormat
  /** What PEFT shall call the base model. */
  readonly baseModel: string
  /** Asked only where the export depends on base weights. */
  readonly openBase: () => Promise<ModelFolder>
}

interface Exported {
  /** Why it is this format, for people. */
  readonly reason: string
  readonly files: Readonly<Record<string, Uint8Array>>
  /** The file whose hash names the export. */
  readonly weights: Uint8Array
}

export type ExportedFolder = Exported &
  (
    | { readonly format: 'peft'; readonly rank: number; readonly exactness: ExportExactness }
    | { readonly format: 'merged' }
  )

/**
 * A stored adapter as files that other tools load, for every method.
 *
 * @throws {FedError} `not-exportable`: `peft` was asked for and the weight change has no LoRA form; those of the base
 * model and of stored blobs.
 */
export async function exportAdapter(
  { setting, artefact, coordinates, baseChange }: StoredAdapter,
  { format, baseModel, openBase }: ExportOptions,
): Promise<ExportedFolder> {
  const ranked = unwrap(withArtefactRanks(setting, artefact))
  const layout = adapterLayout(ranked)
  const choice = chooseFormat(layout, format)
  const base = choice.format === 'merged' || dependsOnBase(layout) ? await openBase() : null
  const weightOf = base && baseWeights(base.model)
  const frozen = unwrap(decodeFrozen(setting, artefact, weightOf))
  const ofRun = unwrap(decodeCoordinates(coordinates, trainLayout(ranked).length))
  const adapted = {
    layout,
    frozen,
    coordinates: createAdapterReplay(ranked, { frozen, weightOf }).at(ofRun),
    baseChange: baseChange === null ? [] : unwrap(decodeBaseChanges(baseChange, setting.sites)),
  }
  if (choice.format === 'peft') {
    const exported = exportPeft({ ...adapted, baseModel, weightOf })
    return { ...choice, ...exported, format: 'peft', weights: exported.files['adapter_model.safetensors'] }
  }
  const { model, files: original } = base as ModelFolder
  const merged = exportMerged({ ...adapted, model, config: original['config.json'] as Uint8Array }).files
  return { ...choice, format: 'merged', files: { ...original, ...merged }, weights: merged['model.safetensors'] }
}

/** @throws {FedError} `not-exportable` */
export function chooseFormat(
  { sites }: AdapterLayout,
  asked: ExportFormat,
): { readonly format: 'peft' | 'merged'; readonly reason: string } {
  if (asked === 'merged') return { format: 'merged', reason: 'asked for' }
  const wide = sites.find(({ site, adapter }) => !hasLoraPair(site, adapter))
  if (wide === undefined) return { format: 'peft', reason: 'every weight change has a small rank' }
  const { site, adapter } = wide
  const reason = `the weight change at ${site.name} can have rank ${adapter.rank} of ${Math.min(site.outDim, site.inDim)}`
  if (asked === 'auto') return { format: 'merged', reason }
  throw new FedError('not-exportable', `${reason}, so it has no LoRA form`, {
    details: { site: site.name },
    fix: 'Export merged weights: --format merged, or auto.',
  })
}

/** Whether ΔW, or a frozen factor that every party derives, may need base weights. */
const dependsOnBase = ({ sites }: AdapterLayout): boolean =>
  sites.some(
    ({ adapter: { chain, factors } }) =>
      chain === null || chain.factors.length < 2 || factors.some((factor) => !factor.train && factor.derive),
  )
