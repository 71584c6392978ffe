import { type AdapterLayout, type FactorSet, factorKey, flatten } from '@tessera/adapters'
import { hashBytes } from '@tessera/protocol'
import { createReplay, type Directions, type InnerVector, type Replay } from '@tessera/subspaces'
import { type BlobHash, type Coordinates, FedError, type Site } from '@tessera/vocabulary'
import { adapterLayout, type StageSetting, trainLayout } from './stage-layout.ts'
import { frameOf, subspaceSetting } from './stretches.ts'

export interface ReplayParts {
  /** All factors of the artefact. */
  readonly frozen: FactorSet
  /** Base weights by site, for subspaces that read them; null where they are not at hand. */
  readonly weightOf: ((site: Site) => Float32Array) | null
}

/** From the coordinates of a run to those of its adapter. */
export interface AdapterReplay {
  /** The coordinates of the adapter at these coordinates of the run: the same where the run is in no subspace. */
  at(coordinates: Coordinates): Coordinates
}

export function createAdapterReplay(setting: StageSetting, parts: ReplayParts): AdapterReplay {
  return subspaceReplay(setting, parts) ?? { at: (coordinates) => coordinates }
}

/** The replay of a run in a subspace; null in none. */
export function subspaceReplay(setting: StageSetting, { frozen, weightOf }: ReplayParts): Replay | null {
  const frame = frameOf(setting.spec)
  if (frame === null) return null
  const layout = adapterLayout(setting)
  const inner = innerVector(setting, layout, weightOf)
  return createReplay({
    frame,
    config: setting.spec.subspace,
    inner,
    start: flatten(layout, startValues(layout, frozen)),
  })
}

/** The run's coordinates before round 1: those of the adapter, or none of its moves in a subspace. */
export function startCoordinates(setting: StageSetting, factors: FactorSet): Coordinates {
  const layout = trainLayout(setting)
  return frameOf(setting.spec) === null ? flatten(layout, factors) : new Float32Array(layout.length)
}

/** The trained factors before round 1, as far as they are not 0: what the artefact of a run in a subspace holds of them. */
export function nonzeroStart({ segments }: AdapterLayout, factors: FactorSet): FactorSet {
  const keys = segments.map(({ site, factor }) => factorKey(site, factor))
  const entries = keys.map((key) => [key, factors[key] as Float32Array] as const)
  return Object.fromEntries(entries.filter(([, values]) => values.some((value) => value !== 0)))
}

function startValues({ segments }: AdapterLayout, frozen: FactorSet): FactorSet {
  const entries = segments.map(({ site, factor, length }) => {
    const key = factorKey(site, factor)
    return [key, frozen[key] ?? new Float32Array(length)] as const
  })
  return Object.fromEntries(entries)
}

function innerVector(setting: StageSetting, layout: AdapterLayout, weightOf: ReplayParts['weightOf']): InnerVector {
  const sites = new Map<string, Site>(setting.sites.map((site) => [site.name, site]))
  return {
    ...subspaceSetting(setting.spec, layout),
    seed: setting.spec.seed,
    weightOf: weightOf && ((matrix) => weightOf(sites.get(layout.segments[matrix]?.site as string) as Site)),
  }
}

/**
 * The hash of all that decides the vectors of a round, from the coordinates before it; null in no subspace. Base weights
 * do not go into it: they have hashes of their own.
 */
export function scheduleHash(setting: StageSetting, round: number, coordinates: Coordinates): BlobHash | null {
  const replay = subspaceReplay(setting, { frozen: {}, weightOf: null })
  return replay && hashOf(replay.directions(round, coordinates))
}

/** @throws {FedError} `schedule-mismatch` */
export function requireSchedule(directions: Directions, expected: string | null): void {
  const own = hashOf(directions)
  if (own === expected) return
  throw new FedError(
    'schedule-mismatch',
    'this worker would train along other random directions than the coordinator',
    {
      details: { own, expected },
      fix: 'Run the same version of Tessera at the worker and at the coordinator.',
    },
  )
}

const hashOf = ({ schedule }: Directions): BlobHash => hashBytes(new TextEncoder().encode(schedule))
