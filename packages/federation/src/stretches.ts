import { type AdapterLayout, factorKey, type Segment } from '@tessera/adapters'
import { type Frame, type InnerMatrix, type SubspaceSetting, type SubspaceShape, subspaces } from '@tessera/subspaces'
import { type Site, unwrap } from '@tessera/vocabulary'
import type { FederationSpec } from './federation-spec.ts'
import { placesOf } from './stage-rules.ts'

type Spec = Pick<FederationSpec, 'subspace' | 'rounds'>

/** How a run's coordinates move those of its adapter method; null where they are the same. */
export const frameOf = ({ subspace }: Pick<Spec, 'subspace'>): Frame | null =>
  unwrap(subspaces.byName(subspace.name)).frame

/** Does a client add to its change what the numbers of its earlier rounds have left of theirs? */
export const subspaceFeedsBack = ({ subspace }: Pick<Spec, 'subspace'>): boolean =>
  frameOf({ subspace })?.feedsBack?.(subspace as never) ?? false

/** What the coordinates of a run in a subspace are; null in none. @throws {FedError} `invalid-config`: it does not fit. */
export function shapeOf({ subspace, rounds }: Spec, inner: AdapterLayout): SubspaceShape | null {
  return frameOf({ subspace })?.shape(subspace as never, subspaceSetting({ rounds }, inner)) ?? null
}

/** What a subspace knows of the adapter: its trained matrices, and how many clients train it at a time. */
export function subspaceSetting(
  { rounds }: Pick<Spec, 'rounds'>,
  { sites, segments }: Pick<AdapterLayout, 'sites' | 'segments'>,
): SubspaceSetting {
  const shapes = new Map(sites.map(({ site }) => [site.name, site]))
  const matrices = segments.map(({ site, factor, offset, rows, cols }): InnerMatrix => {
    const { outDim, inDim } = shapes.get(site) as Site
    return { name: factorKey(site, factor), offset, rows, cols, changesWeight: rows === outDim && cols === inDim }
  })
  return { matrices, places: placesOf(rounds) }
}

/**
 * The layout of the coordinates of a run in a subspace: one stretch for the run, or one for every round; null in none.
 * Stretches belong to no site.
 */
export function stretchLayout({ subspace, rounds }: Spec, inner: AdapterLayout): AdapterLayout | null {
  const [frame, shape] = [frameOf({ subspace }), shapeOf({ subspace, rounds }, inner)]
  if (frame === null || shape === null) return null
  const names = frame.per === 'run' ? ['all'] : Array.from({ length: rounds.total }, (_, at) => `round-${at + 1}`)
  const segments = names.map((factor, at) => stretch(factor, at * shape.length, shape))
  return { sites: [], segments, length: names.length * shape.length }
}

/** The stretch that one round moves. */
export function activeStretch({ segments }: AdapterLayout, round: number): AdapterLayout {
  const own = segments[Math.min(round, segments.length) - 1] as Segment
  return { sites: [], segments: [{ ...own, offset: 0 }], length: own.length }
}

const stretch = (factor: string, offset: number, { length }: SubspaceShape): Segment => ({
  site: 'subspace',
  factor,
  offset,
  length,
  rows: 1,
  cols: length,
})
