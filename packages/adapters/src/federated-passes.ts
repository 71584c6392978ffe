import { activationSketch } from './activation-sketch.ts'
import { gradientSketch } from './gradient-sketch.ts'
import type { FederatedPlace, Statistic } from './measurement.ts'
import type { PassOutcome, Probe, SitePass, Sketch } from './probe.ts'

const SKETCHES: Readonly<Record<Statistic['of'], Sketch>> = {
  gradient: gradientSketch,
  activations: activationSketch,
}

const sketchOf = ({ measurement }: SitePass): Sketch => SKETCHES[measurement.statistic.of]

/** Passes over the clients' data: two, and two more for each power pass. */
export const passesOf = ({ powerPasses }: FederatedPlace): number => 2 * (powerPasses + 1)

/** What clients send of a site in a pass. */
export const passProbe = (at: SitePass): Probe => sketchOf(at).probe(at)

/** From the mean of what they sent to what the pass leaves. */
export const passOutcome = (at: SitePass, mean: Float32Array): PassOutcome => sketchOf(at).reduce(at, mean)
