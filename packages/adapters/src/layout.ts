import { type Coordinates, ShapeError, type Site } from '@tessera/vocabulary'
import type { AdapterMethod } from './adapter-method.ts'
import { type Factor, type SiteFactors, sizeOf } from './factor.ts'
import type { SiteAdapter } from './site-adapter.ts'

/** Where one trained factor of one site lies in the flat coordinates. */
export interface Segment {
  readonly site: string
  readonly factor: string
  readonly offset: number
  readonly length: number
  /** The factor's shape, rows · cols = length. */
  readonly rows: number
  readonly cols: number
}

/** A site where the adapter has a rank of its own; 0 for none at all. Absent: the method's options say it. */
export interface RankedSite extends Site {
  readonly rank?: number
}

/** An adapter over a list of sites: the adapter of each, and the order of the flat coordinates. */
export interface AdapterLayout {
  readonly sites: readonly { readonly site: Site; readonly adapter: SiteAdapter }[]
  readonly segments: readonly Segment[]
  /** Number of coordinates in all. */
  readonly length: number
}

/** Factor values of all sites; keys as in `factorKey`. */
export type FactorSet = Readonly<Record<string, Float32Array>>

export const factorKey = (site: string, factor: string): string => `${site}.${factor}`

/** @throws {FedError} `rank-too-large`, `invalid-config`: the first site that can not carry the method's factors. */
export function createLayout(method: AdapterMethod, options: unknown, sites: readonly RankedSite[]): AdapterLayout {
  const adapted = sites.filter(({ rank }) => rank !== 0)
  return layoutOf(adapted.map((site) => ({ site, adapter: method.site(site, siteOptions(options, site) as never) })))
}

/** A method's options at a site: a rank of its own does not change the scale alpha / rank. */
export function siteOptions(options: unknown, { rank }: RankedSite): unknown {
  if (rank === undefined) return options
  const { rank: shared, alpha } = options as { readonly rank: number; readonly alpha?: number }
  return { ...(options as object), rank, ...(alpha !== undefined && { alpha: (alpha * rank) / shared }) }
}

/** The layout of any list of adapters; a probe of an initialisation has one too. */
export function layoutOf(sites: AdapterLayout['sites']): AdapterLayout {
  const segments: Segment[] = []
  let length = 0
  for (const { site, adapter } of sites) {
    for (const factor of adapter.factors.filter(({ train }) => train)) {
      const { name, rows, cols } = factor
      segments.push({ site: site.name, factor: name, offset: length, length: sizeOf(factor), rows, cols })
      length += sizeOf(factor)
    }
  }
  return { sites, segments, length }
}

/** All trained factors of a factor set as one flat vector, in the layout's order. */
export function flatten(layout: AdapterLayout, factors: FactorSet): Coordinates {
  const flat = new Float32Array(layout.length)
  for (const { site, factor, offset, length } of layout.segments) {
    const values = factors[factorKey(site, factor)]
    if (values?.length !== length) throw new ShapeError(factorKey(site, factor), length, values?.length ?? 0)
    flat.set(values, offset)
  }
  return flat
}

/** The inverse of `flatten`: trained factors by key, as views into `coordinates`. */
export function unflatten(layout: AdapterLayout, coordinates: Coordinates): FactorSet {
  if (coordinates.length !== layout.length) throw new ShapeError('coordinates', layout.length, coordinates.length)
  return Object.fromEntries(
    layout.segments.map(({ site, factor, offset, length }) => [
      factorKey(site, factor),
      coordinates.subarray(offset, offset + length),
    ]),
  )
}

/** The frozen factors of a factor set, sent and derived ones. */
export function frozenFactors(layout: AdapterLayout, factors: FactorSet): FactorSet {
  return pick(layout, factors, ({ train }) => !train)
}

/** The frozen factors that are sent once, before round 1. */
export function sentFactors(layout: AdapterLayout, factors: FactorSet): FactorSet {
  return pick(layout, factors, (factor) => !(factor.train || factor.derive))
}

/** One site's factors by their short names. */
export function siteFactors({ site, adapter }: AdapterLayout['sites'][number], factors: FactorSet): SiteFactors {
  return Object.fromEntries(adapter.factors.map((factor) => [factor.name, keyedFactor(site, factor, factors)[1]]))
}

function pick(layout: AdapterLayout, factors: FactorSet, wanted: (factor: Factor) => boolean): FactorSet {
  const picked = layout.sites.flatMap(({ site, adapter }) =>
    adapter.factors.filter(wanted).map((factor) => keyedFactor(site, factor, factors)),
  )
  return Object.fromEntries(picked)
}

function keyedFactor(site: Site, factor: Factor, factors: FactorSet): [string, Float32Array] {
  const key = factorKey(site.name, factor.name)
  const values = factors[key]
  if (values?.length !== sizeOf(factor)) throw new ShapeError(key, sizeOf(factor), values?.length ?? 0)
  return [key, values]
}
