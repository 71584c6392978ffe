import type { RandomStream } from '@tessera/math'
import { FedError, type Site } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { Measured } from './measured.ts'
import type { Measurement } from './measurement.ts'
import type { Spectrum } from './spectrum.ts'

/** A site, the rank of the spectrum that is wanted there, and the initialisation's options. */
export interface SiteRequest<Config> {
  readonly site: Site
  readonly rank: number
  readonly config: Config
}

/** What a site's spectrum is made from; a stream of the run's randomness is always there. */
export interface Source {
  /** The base weight is read. */
  readonly weight: boolean
  /** What is measured on data before; null for nothing. */
  readonly measurement: Measurement | null
}

/** What is known about the site at hand when its spectrum is made. */
export interface SiteContext<Config> extends SiteRequest<Config> {
  /** A stream of this run's randomness that belongs to this site alone. */
  readonly random: RandomStream
  /** The base weight, [outDim, inDim]; null where the source does not ask for it. */
  readonly weight: Float32Array | null
  /** Null where the source asks for no measurement. */
  readonly measured: Measured | null
}

/** Where the frozen factors of a run come from. Its laws: docs of `describeInitialisation` in the testing room. */
export interface Initialisation<Config = never> {
  readonly name: string
  readonly config: z.ZodObject
  /** How its spectra are meant. */
  readonly start: Spectrum['start']
  /** Throws `rank-too-large` or `invalid-config` where the site has no such spectrum. */
  source(request: SiteRequest<Config>): Source
  spectrum(context: SiteContext<Config>): Spectrum
  /** How many of a site's ranks are kept, by site name; absent where that is the run's rank everywhere. */
  ranks?(spectra: Readonly<Record<string, Spectrum>>, rank: number): Readonly<Record<string, number>>
}

/** An initialisation with its options' type checked here and erased in the registry, which parses options before use. */
export function defineInitialisation<Options extends z.ZodObject>(
  initialisation: Omit<Initialisation<z.infer<Options>>, 'config'> & { readonly config: Options },
): Initialisation {
  return initialisation
}

/** The base weight of the site. @throws {FedError} `invalid-argument`: the caller has none at hand. */
export function baseWeight({ site, weight }: SiteContext<unknown>): Float32Array {
  if (weight !== null) return weight
  throw new FedError(
    'invalid-argument',
    `the spectrum at ${site.name} is made from its base weight, and none was given`,
  )
}

/** What was measured at the site. @throws {FedError} `invalid-argument`: nothing was. */
export function measuredAt({ site, measured }: SiteContext<unknown>): Measured {
  if (measured !== null) return measured
  throw new FedError('invalid-argument', `the spectrum at ${site.name} is made from data, and nothing was measured`)
}
