import {
  type DerivationOptions,
  derivedFactors,
  type FactorSet,
  factorKey,
  firstRanks,
  type Measured,
  passOutcome,
  type RankedSite,
  type Spectrum,
  siteOptions,
} from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import type { RunRecord } from './run-state.ts'
import {
  adapterLayout,
  initialisationOf,
  methodOf,
  probeLayout,
  type StageSetting,
  siteContext,
  sitePass,
  sourceOf,
  withRanks,
} from './stage-layout.ts'
import type { Start } from './start.ts'

export type Reduction =
  | { readonly done: false; readonly panels: Readonly<Record<string, Float32Array>> }
  | { readonly done: true; readonly start: Start }

interface PassResult {
  readonly panels: Readonly<Record<string, Float32Array>> | null
  readonly mean: Float32Array
  /** Base weights, for initialisations that read them; null where they are not at hand. */
  readonly weightOf: DerivationOptions['weightOf']
}

/** One pass's mean, site by site, to the panels of the next pass or to what the run starts from. */
export function reducePass(record: RunRecord, pass: number, { panels, mean, weightOf }: PassResult): Reduction {
  const segments = probeLayout(record, pass).segments
  const outcomes = record.sites.map((site, at) => {
    const { offset, length } = segments[at]
    const part = mean.subarray(offset, offset + length)
    return [site.name, passOutcome(sitePass(record, site, { pass, panels }), part)] as const
  })
  const left = outcomes.flatMap(([name, outcome]) => (outcome.done ? [] : [[name, outcome.panel] as const]))
  if (left.length > 0) return { done: false, panels: Object.fromEntries(left) }
  const measured = new Map(outcomes.flatMap(([name, outcome]) => (outcome.done ? [[name, outcome.measured]] : [])))
  const spectra = spectraOf(record, { measuredAt: ({ name }) => measured.get(name) ?? null, weightOf })
  return { done: true, start: startFactors(record, spectra, weightOf) }
}

/** What spectra are made from. */
interface Findings {
  readonly measuredAt: (site: RankedSite) => Measured | null
  readonly weightOf: DerivationOptions['weightOf']
  /** After which they are made, where that is not before round 1. */
  readonly round?: number
}

/** The spectra of all sites by name, from what was measured and from base weights, where they are read. */
export function spectraOf(setting: StageSetting, { measuredAt, weightOf, round }: Findings): Record<string, Spectrum> {
  const initialisation = initialisationOf(setting)
  const entries = setting.sites.map((site) => {
    const weight = sourceOf(setting, site)?.weight && weightOf !== null ? weightOf(site) : null
    const context = siteContext(setting, site, { weight, measured: measuredAt(site), round })
    return [site.name, initialisation.spectrum(context)] as const
  })
  return Object.fromEntries(entries)
}

/** What a run starts from: from the spectra by site name, and base weights where a method reads them. */
export function startFactors(
  setting: StageSetting,
  spectra: Spectra,
  weightOf: DerivationOptions['weightOf'] = null,
): Start {
  const { spec } = setting
  const ranks =
    sourceOf(setting) === null ? undefined : initialisationOf(setting).ranks?.(spectra, Number(spec.adapter.rank))
  const ranked = withRanks(setting, { ranks })
  const derived = derivedFactors(adapterLayout(ranked), { seed: spec.seed, weightOf })
  return { factors: { ...derived, ...startValues(ranked, { spectra, weightOf, round: 0 }) }, ...(ranks && { ranks }) }
}

type Spectra = Readonly<Record<string, Spectrum>>

/** The factors that a method's start makes, by the streams of that round; 0 before the first. */
function startValues(
  { spec, sites }: StageSetting,
  { spectra, weightOf, round }: Pick<DerivationOptions, 'weightOf'> & { spectra: Spectra; round: number },
): FactorSet {
  const entries = sites.flatMap((site: RankedSite, block) => {
    if (site.rank === 0) return []
    const random = createRandomStream({ seed: spec.seed, purpose: 'adapter start', round, client: 0, block })
    const weight = weightOf === null ? null : weightOf(site)
    const context = { site, spectrum: spectrumAt(site, spectra), weight, random }
    const values = methodOf({ spec, sites }).start(context, siteOptions(spec.adapter, site) as never)
    return Object.entries(values).map(([name, data]) => [factorKey(site.name, name), data] as const)
  })
  return Object.fromEntries(entries)
}

/**
 * The start of a run once more, after a round: with other random numbers, where it is made from nothing else. Null where
 * it is made from base weights or data, which would give the first one again.
 */
export function freshStart(setting: StageSetting, round: number): FactorSet | null {
  const sources = setting.sites.map((site) => sourceOf(setting, site))
  if (methodOf(setting).needs === 'weight' || sources.some((source) => source?.weight || source?.measurement))
    return null
  const spectra = sources[0] === null ? {} : spectraOf(setting, { round, measuredAt: () => null, weightOf: null })
  return startValues(setting, { spectra, weightOf: null, round })
}

function spectrumAt({ name, rank }: RankedSite, spectra: Readonly<Record<string, Spectrum>>): Spectrum | null {
  const spectrum = spectra[name] ?? null
  return spectrum === null || rank === undefined ? spectrum : firstRanks(spectrum, rank)
}
