import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { BUNDLED } from '../bundled.ts'

/** How many clients the demo's maintainers are hashed into. */
export const DEMO_CLIENTS = 3

/**
 * The demo's run: Fed-SB of rank 32 on all linear layers from a federated sketch. Steps, rate, rounds and batch were
 * chosen by the sweep under benchmarks/demo-settings.
 */
export function demoSpec(seed: number): RunSpec {
  return unwrap(
    parseRunSpec({
      name: 'demo',
      seed,
      model: BUNDLED.model,
      data: { format: 'classification', template: '{text}\nSection: {label}', maxLength: 128 },
      adapter: { method: 'lora-sb', rank: 32 },
      initialisation: { name: 'federated-sketch', batches: 8 },
      train: { localSteps: 35, batchSize: 16, optimizer: { name: 'adamw', learningRate: 8e-3 } },
      codec: { codec: 'ternary', density: 0.1 },
      rounds: { total: 12, cohort: { size: DEMO_CLIENTS, quorum: DEMO_CLIENTS } },
      evaluation: { file: BUNDLED.test, rows: 200 },
    }),
  )
}
