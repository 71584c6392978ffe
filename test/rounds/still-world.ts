import type { Simulation } from '@tessera/runs'

/** A world in which no time passes, so no deadline does, and nobody reads along. */
export const STILL_WORLD: Pick<Simulation, 'clock' | 'log'> = {
  clock: { now: () => 0, wakeAt: () => () => {} },
  log: { info() {}, warn() {}, error() {} },
}
