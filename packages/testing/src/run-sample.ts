import type { Commit, RunRecord, RunState, StoredUpdate } from '@tessera/federation'
import { assignmentId, type BlobHash, blobHash, clientId, runId } from '@tessera/vocabulary'

/** A run of two clients over one site of [4, 3] at rank 2: 4 coordinates a round. */
export function sampleRecord(id: string, createdAt = 1000): RunRecord {
  const spec = {
    version: 1,
    name: `the run ${id} \u{1f9e9} \u0000`,
    seed: 7,
    adapter: { method: 'lora-xs', rank: 2 },
    targets: 'all-linear',
    initialisation: { name: 'federated-sketch' },
    rounds: {
      total: 2,
      cohort: { size: 2, quorum: 2, overSelection: 1 },
      deadline: { softMs: 30_000, hardMs: 60_000 },
      mode: { kind: 'sync', onLate: 'discard' },
      attempts: 3,
    },
    persist: { updates: 'keep-all' },
    aggregator: { rule: 'weighted-mean' },
    serverOptimizer: { name: 'none' },
    codec: { codec: 'float32' },
    training: { zebra: 1e-7, apple: [0.1, 2 ** 53] },
  }
  return {
    runId: runId(id),
    spec: spec as unknown as RunRecord['spec'],
    sites: [{ name: 'layers.0.q_proj', outDim: 4, inDim: 3 }],
    model: [{ path: 'model.safetensors', hash: sampleHash(1), size: 123 }],
    updateBound: 0.125,
    createdAt,
  }
}

/** The state after event `seq`: round 1 is under way, and nothing has arrived. */
export function sampleState(record: RunRecord, seq: number): RunState {
  return {
    seq,
    head: headAfter(seq),
    phase: 'training',
    pausedFrom: null,
    pauseCause: null,
    message: null,
    members: { a: { examples: 10, present: true }, b: { examples: 20, present: true } },
    stage: {
      kind: 'train',
      index: 1,
      attempt: 1,
      assignments: ['a', 'b'].map((client) => ({
        id: assignmentId(`${record.runId}.train-1.${client}`),
        clientId: clientId(client),
        status: 'open',
        weight: 0,
        givenIn: 1,
        from: sampleHash(3),
      })),
      closed: false,
      softDeadlineAt: 31_000,
      deadlineAt: 61_000,
      grid: { exponents: [-40], weightLimit: 120 },
    },
    panel: null,
    factors: sampleHash(2),
    coordinates: sampleHash(3),
    round: 0,
    largestUpdate: null,
    updateNorm: null,
    recruitUntil: 61_000,
  }
}

/** Event `seq` of the run: the update of client `client` arrived, 16 bytes of it. */
export function sampleCommit(record: RunRecord, seq: number, client: 'a' | 'b' = 'a'): Commit {
  const id = assignmentId(`${record.runId}.train-1.${client}`)
  const waiting = sampleState(record, seq)
  const assignments = waiting.stage!.assignments.map((assignment) =>
    assignment.id === id ? { ...assignment, status: 'received' as const, weight: 10 } : assignment,
  )
  const update: StoredUpdate = {
    assignmentId: id,
    clientId: clientId(client),
    weight: 10,
    codec: 'float32',
    length: 4,
    hash: sampleHash(client.charCodeAt(0)),
    bytes: Uint8Array.from({ length: 16 }, (_, at) => at * 17),
  }
  return {
    runId: record.runId,
    event: {
      type: 'update-received',
      assignmentId: id,
      clientId: clientId(client),
      weight: 10,
      hash: update.hash,
      at: 1000 + seq,
    },
    state: { ...waiting, head: headAfter(seq, client), stage: { ...waiting.stage!, assignments } },
    update,
    metrics: [{ round: 1, name: 'train-loss', clientId: clientId(client), value: 1.5, at: 1000 + seq }],
  }
}

/** Some head of a chain: no two of them are alike. */
const headAfter = (seq: number, client = ''): BlobHash => sampleHash(90_000 + 256 * seq + (client.charCodeAt(0) || 0))

/** 64 hexadecimal digits that name no real bytes: a store takes the names it is given. */
export function sampleHash(number: number): BlobHash {
  return blobHash(number.toString(16).padStart(64, '0'))
}
