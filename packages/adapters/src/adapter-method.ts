import type { RandomStream } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { SiteFactors } from './factor.ts'
import type { SiteAdapter } from './site-adapter.ts'
import type { Spectrum } from './spectrum.ts'

/**
 * What a method's start is made from: the spectrum of an initialisation; that, where the initialisation gives one; the
 * base weight; or nothing but random numbers.
 */
export type Needs = 'spectrum' | 'spectrum-or-nothing' | 'weight' | 'nothing'

/** What is known of the site at hand when its factors are made. */
export interface StartContext {
  readonly site: Site
  /** Null where the method does not need one, or its initialisation gives none. */
  readonly spectrum: Spectrum | null
  /** The base weight, [outDim, inDim]; null where no base model is at hand. */
  readonly weight: Float32Array | null
  /** A stream of this run's randomness that belongs to this site alone. */
  readonly random: RandomStream
}

/** One site in one round of a run. */
export interface RoundPlace {
  /** From 1. */
  readonly round: number
  readonly site: Site
  readonly sites: readonly Site[]
  /** A stream of the run's seed for that number, the same at every site. */
  readonly random: (number: number) => RandomStream
}

/** A kind of adapter. Its laws: docs of `describeAdapter` in the testing room. */
export interface AdapterMethod<Config = never> {
  readonly name: string
  readonly config: z.ZodObject
  readonly needs: Needs
  /** What a run that names no initialisation starts from, by name: there where the method can not start without one. */
  readonly initialisation?: string
  /** The adapter of one site; throws `rank-too-large` or `invalid-config` where the site can not carry it. */
  site(site: Site, config: Config): SiteAdapter
  /** The values before round 1 of all factors that are not derived. */
  start(context: StartContext, config: Config): SiteFactors
  /** The trained factors that are trained at a site in a round; absent where that is all of them, always. */
  active?(place: RoundPlace, config: Config): readonly string[]
}

/** Whether an initialisation is of any use to the method. */
export const takesSpectrum = ({ needs }: Pick<AdapterMethod, 'needs'>): boolean =>
  needs === 'spectrum' || needs === 'spectrum-or-nothing'

/** A method with its options' type checked here and erased in the registry, which parses options before use. */
export function defineAdapter<Options extends z.ZodObject>(
  method: Omit<AdapterMethod<z.infer<Options>>, 'config'> & { readonly config: Options },
): AdapterMethod {
  return method
}
