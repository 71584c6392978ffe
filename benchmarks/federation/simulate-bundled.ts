import { type Simulation, type SimulationResult, simulate } from '@tessera/runs'
import { splitByMaintainer } from '../../apps/cli/src/demo/split-clients.ts'
import { bundledModel, bundledRows } from './bundled.ts'

type Watched = Pick<Simulation, 'spec' | 'executor'> & Partial<Pick<Simulation, 'log' | 'onMetrics' | 'onUpdate'>>

/** A federation on the bundled model and data, the training rows split among its cohort by their maintainers. */
export async function simulateBundled(watched: Watched): Promise<SimulationResult> {
  return simulate({
    model: await bundledModel(),
    clients: splitByMaintainer(await bundledRows('train'), watched.spec.rounds.cohort.size),
    files: { test: await bundledRows('test') },
    clock: { now: Date.now, wakeAt: () => () => {} },
    log: { info() {}, warn: console.warn, error: console.error },
    ...watched,
  })
}
