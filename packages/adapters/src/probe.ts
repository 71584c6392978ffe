import type { RandomStream } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import type { SiteFactors } from './factor.ts'
import type { Measured } from './measured.ts'
import type { FederatedPlace, Measurement, Statistic } from './measurement.ts'
import type { SiteAdapter } from './site-adapter.ts'

/** One pass of a sketch at one site. */
export interface SitePass {
  readonly site: Site
  readonly measurement: Measurement & { readonly place: FederatedPlace }
  /** The site's own stream, from its beginning. */
  readonly random: RandomStream
  /** From 0. */
  readonly pass: number
  /** What the pass before left; null in the first. */
  readonly panel: Float32Array | null
}

/** What clients send in a pass: the numbers of the one trained factor of this adapter. */
export interface Probe {
  readonly statistic: Statistic
  readonly adapter: SiteAdapter
  readonly frozen: SiteFactors
}

/** What a pass leaves behind for a site: a panel for the next pass, or after the last pass what was measured. */
export type PassOutcome =
  | { readonly done: false; readonly panel: Float32Array }
  | { readonly done: true; readonly measured: Measured }

/** Sketches of one kind of statistic; the sum of the clients' numbers is the number of their pooled data. */
export interface Sketch {
  probe(at: SitePass): Probe
  /** From the mean of what the clients sent. */
  reduce(at: SitePass, mean: Float32Array): PassOutcome
}

export function requirePanel({ panel }: SitePass): Float32Array {
  if (panel === null) throw new RangeError('a pass after the first needs the panel of the pass before')
  return panel
}
