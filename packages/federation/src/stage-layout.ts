import {
  type AdapterLayout,
  type AdapterMethod,
  activeLayout,
  adapterMethods,
  createLayout,
  type DataPlace,
  type FederatedPlace,
  type Initialisation,
  initialisations,
  layoutOf,
  type Measurement,
  type Probe,
  passesOf,
  passProbe,
  type SiteContext,
  type SitePass,
  type SiteRequest,
  type Source,
  takesSpectrum,
} from '@tessera/adapters'
import { createRandomStream, type RandomStream } from '@tessera/math'
import { type Site, type Update, unwrap } from '@tessera/vocabulary'
import type { RunRecord, RunState } from './run-state.ts'
import { activeStretch, frameOf, shapeOf, stretchLayout } from './stretches.ts'

/** What the layout of a stage depends on; workers know it from their assignment. */
export type StageSetting = Pick<RunRecord, 'spec' | 'sites'>

/** The setting with the ranks that its initialisation, or its rank policy, gave the sites. */
export function withRanks<Setting extends StageSetting>(setting: Setting, { ranks }: Pick<RunState, 'ranks'>): Setting {
  if (ranks === undefined) return setting
  return { ...setting, sites: setting.sites.map((site) => ({ ...site, rank: ranks[site.name] })) }
}

/** The setting with the largest ranks that its initialisation can give. */
export function largestRanks<Setting extends StageSetting>(setting: Setting): Setting {
  if (sourceOf(setting) === null || initialisationOf(setting).ranks === undefined) return setting
  const largest = setting.sites.map((site) => [site.name, sourceOf(setting, site)?.measurement?.triples])
  return withRanks(setting, { ranks: Object.fromEntries(largest) })
}

export function methodOf({ spec }: StageSetting): AdapterMethod {
  return unwrap(adapterMethods.byName(spec.adapter.method))
}

/** The layout of the run's coordinates: those of its adapter, or of the subspace that they move in. */
export function trainLayout(setting: StageSetting): AdapterLayout {
  const adapter = adapterLayout(setting)
  return stretchLayout(setting.spec, adapter) ?? adapter
}

/** The layout of the adapter that rounds train: all of its coordinates. */
export function adapterLayout(setting: StageSetting): AdapterLayout {
  return createLayout(methodOf(setting), setting.spec.adapter, setting.sites)
}

export function initialisationOf({ spec }: StageSetting): Initialisation {
  return unwrap(initialisations.byName(spec.initialisation.name))
}

const requestAt = ({ spec }: StageSetting, site: Site): SiteRequest<never> => ({
  site,
  rank: Number(spec.adapter.rank),
  config: spec.initialisation as never,
})

function randomAt({ spec, sites }: StageSetting, site: Site, round = 0): RandomStream {
  const block = sites.findIndex(({ name }) => name === site.name)
  return createRandomStream({ seed: spec.seed, purpose: 'initialisation', round, client: 0, block })
}

/**
 * What an initialisation knows of a site: its rank, its options, a stream of its own, and what its source gives.
 *
 * @param round After which the spectrum is made, where that is not before round 1.
 */
export function siteContext(
  setting: StageSetting,
  site: Site,
  { round, ...found }: Pick<SiteContext<never>, 'weight' | 'measured'> & { readonly round?: number },
): SiteContext<never> {
  return { ...requestAt(setting, site), random: randomAt(setting, site, round), ...found }
}

/** What the start of this run is made from at a site; null where it is made from nothing of an initialisation. */
export function sourceOf(setting: StageSetting, site: Site = setting.sites[0]): Source | null {
  if (setting.spec.initialisation.name === 'none' || !takesSpectrum(methodOf(setting))) return null
  return initialisationOf(setting).source(requestAt(setting, site))
}

/** Where the data of the initialisation are; null where it has none. */
export function dataPlaceOf(setting: StageSetting): DataPlace | null {
  return sourceOf(setting)?.measurement?.place ?? null
}

/** One pass at one site; `panels` by site name, null in the first pass. */
export function sitePass(
  setting: StageSetting,
  site: Site,
  { pass, panels }: { pass: number; panels: Readonly<Record<string, Float32Array>> | null },
): SitePass {
  const measurement = sourceOf(setting, site)?.measurement as Measurement & { place: FederatedPlace }
  const panel = panels === null ? null : panels[site.name]
  return { site, measurement, random: randomAt(setting, site), pass, panel }
}

/** The probes of one pass, site by site. */
export function passProbes(
  setting: StageSetting,
  pass: number,
  panels: Readonly<Record<string, Float32Array>> | null,
): { site: Site; probe: Probe }[] {
  return setting.sites.map((site) => ({ site, probe: passProbe(sitePass(setting, site, { pass, panels })) }))
}

/** The layout of a pass: shapes only, so any panel serves, and no random one has to be drawn. */
export function probeLayout(setting: StageSetting, pass: number): AdapterLayout {
  const noPanels = Object.fromEntries(setting.sites.map(({ name }) => [name, new Float32Array()]))
  return layoutOf(passProbes(setting, pass, noPanels).map(({ site, probe }) => ({ site, adapter: probe.adapter })))
}

/** The layout of the vectors that clients send in a stage. */
export function stageLayout(
  setting: StageSetting,
  { kind, index }: { kind: 'probe' | 'train'; index: number },
): AdapterLayout {
  return kind === 'probe' ? probeLayout(setting, index) : roundLayout(setting, index)
}

/** The layout of what one round trains: a method may let some of its factors rest. */
export function roundLayout(setting: StageSetting, round: number): AdapterLayout {
  const { adapter, seed, subspace } = setting.spec
  if (frameOf({ subspace }) !== null) return activeStretch(trainLayout(setting), round)
  return activeLayout(trainLayout(setting), { method: methodOf(setting), options: adapter, seed, round })
}

/** Whether each client of a stage sends a part of its own. */
export function isParted(setting: StageSetting, { kind }: { kind: 'probe' | 'train' }): boolean {
  if (kind === 'probe' || frameOf(setting.spec) === null) return false
  const shape = shapeOf(setting.spec, adapterLayout(setting))
  return shape !== null && shape.sent < shape.length
}

/** Where that which a client sends in a stage lies in its layout: all of it, or the part of its place. */
export function sentPart(
  setting: StageSetting,
  stage: { kind: 'probe' | 'train'; index: number },
  place = 0,
): { readonly offset: number; readonly length: number } {
  const { length } = stageLayout(setting, stage)
  const sent = isParted(setting, stage) ? (shapeOf(setting.spec, adapterLayout(setting))?.sent ?? length) : length
  return { offset: place * sent, length: sent }
}

/** The numbers that a client sends, in the layout of the stage: its own part, if it is one, among those of the others. */
export function placedNumbers(
  setting: StageSetting,
  stage: { kind: 'probe' | 'train'; index: number },
  { numbers, place }: { readonly numbers: Update; readonly place?: number | undefined },
): Update {
  const { length } = stageLayout(setting, stage)
  if (numbers.length === length) return numbers
  const all = new Float32Array(length)
  all.set(numbers, sentPart(setting, stage, place).offset)
  return all
}

/** Number of federated passes before round 1; 0 for starts that need no client. */
export function passCount(setting: StageSetting): number {
  const place = dataPlaceOf(setting)
  return place?.kind === 'federated' ? passesOf(place) : 0
}
