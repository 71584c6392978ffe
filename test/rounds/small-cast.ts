import { type FederationSpec, federationSpec, type RunRecord, stageLayout, type Workbench } from '@tessera/federation'
import { createRandomStream, fnv1a32 } from '@tessera/math'
import { FEDERATION_SITES, knownFactors } from '@tessera/testing'
import { blobHash, runId } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { Cast, ClientWork } from './mortal-federation.ts'

export interface Setting {
  readonly initialisation?: 'weights' | 'federated-sketch'
  readonly persist?: FederationSpec['persist']['updates']
  readonly rounds?: z.input<typeof federationSpec>['rounds']
  readonly clients?: Readonly<Record<string, number>>
}

const CLIENTS = { a: 10, b: 25, c: 7 }
const SKETCH = { name: 'federated-sketch', oversample: 1, powerPasses: 0, batches: 1 }

/** Three clients, four rounds, two small sites; nobody trains, but every update depends on all bits of its start. */
export function smallCast({
  initialisation = 'weights',
  persist = 'keep-all',
  rounds = {},
  clients = CLIENTS,
}: Setting = {}): Cast {
  const spec = federationSpec.parse({
    seed: 5,
    adapter: { method: 'lora-sb', rank: 2, initialStep: 0.5 },
    initialisation: initialisation === 'weights' ? { name: 'weights' } : SKETCH,
    rounds: { total: 4, cohort: { size: 3, quorum: 2 }, deadline: { softMs: 1000, hardMs: 3000 }, ...rounds },
    persist: { updates: persist },
  })
  const record: RunRecord = {
    runId: runId('run-1'),
    spec: spec as RunRecord['spec'],
    sites: FEDERATION_SITES,
    model: [{ path: 'model.safetensors', hash: blobHash('5'.repeat(64)), size: 1 }],
    updateBound: 1,
    createdAt: 0,
  }
  return { record, clients, work: drawnUpdate(record), workbench: WORKBENCH }
}

/** Numbers drawn by the client, the stage and the hashes of what it starts from: other bytes there, other bytes here. */
const drawnUpdate =
  (record: RunRecord): ClientWork =>
  (client, { kind, round, pass, artefact, coordinates }) => {
    const { length } = stageLayout(record, { kind, index: kind === 'probe' ? pass : round })
    const seed = fnv1a32([client, kind, round, pass, artefact, coordinates].join(' '))
    const values = new Float32Array(length)
    createRandomStream({ seed, purpose: 'update', round: 0, client: 0, block: 0 }).fillUniform(values, 0.25)
    return values
  }

/** Factors of fixed base weights; the loss of a version is its first coordinate. */
const WORKBENCH: Workbench = {
  makeFactors: async () => knownFactors(),
  evaluate: async (_record, { round, coordinates }) => [
    { round, name: 'eval-loss', clientId: null, value: coordinates[0]!, at: 0 },
  ],
}
