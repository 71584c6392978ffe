import { eventView, hashBytes, metricPoint, roundView, runView, workerView } from '@tessera/protocol'
import type { Contents } from './memory-coordinator.ts'

/** Clients of the run that is shown, with as many examples each. */
export const CLIENTS = { 'clinic-north': 4210, 'clinic-south': 3180, 'clinic-west': 1875, 'laptop-ada': 640 }
const NAMES = Object.keys(CLIENTS)

export const MINUTE = 60_000
export const ROUNDS_DONE = 12
export const ROUNDS = 20

/** 96 squares of 32 by 32 coordinates, two bytes each: what one update takes as float16. */
const UPDATE_BYTES = 96 * 32 * 32 * 2
const FRAME_BYTES = 412

/** A run in its 13th round of 20, one that is done, one that waits and one that was given up, as of `now`. */
export function exampleRuns(now: number): Contents {
  const startedAt = now - 40 * MINUTE
  const at = (round: number) => startedAt + round * 3 * MINUTE
  const metrics = [
    ...Array.from({ length: ROUNDS_DONE + 1 }, (_, round) => [
      metric({ round, name: 'eval-loss', clientId: null, value: evalLoss(round), at: at(round) }),
      metric({ round, name: 'eval-accuracy', clientId: null, value: accuracy(round), at: at(round) }),
    ]).flat(),
    ...Array.from({ length: ROUNDS_DONE }, (_, index) =>
      NAMES.map((clientId, client) => {
        const value = evalLoss(index + 0.5) - 0.12 + wobble(index, client)
        return metric({ round: index + 1, name: 'train-loss', clientId, value, at: at(index + 1) })
      }),
    ).flat(),
  ]
  const shown = runView.parse({
    ...RUN,
    id: 'support-bot',
    name: 'support-bot',
    phase: 'training',
    round: ROUNDS_DONE + 1,
    rounds: ROUNDS,
    createdAt: startedAt - MINUTE,
    startedAt,
    metrics: metrics.filter(({ clientId }) => clientId === null),
  })
  return {
    runs: [shown, ...otherRuns(now)],
    rounds: [...passes(at(0)), ...trainRounds(at)],
    metrics,
    events: events(at),
    workers: workers(now),
  }
}

const RUN = {
  pass: 2,
  passes: 2,
  method: 'lora-sb',
  rank: 32,
  seed: '17',
  finishedAt: null,
  message: null,
  clients: [],
  adapterHash: null,
  waiting: 'waits for the update of ward-3',
  resumesByItself: false,
  logHead: hashBytes(Uint8Array.of(8)),
}

function otherRuns(now: number) {
  const old = (id: string, part: object) => {
    const createdAt = now - 300 * MINUTE
    return runView.parse({ ...RUN, id, name: id, rounds: 20, metrics: [], createdAt, startedAt: createdAt, ...part })
  }
  const last = metricPoint.parse({
    runId: 'notes-baseline',
    round: 20,
    name: 'eval-accuracy',
    clientId: null,
    value: 0.831,
    at: now,
  })
  return [
    old('triage-small', { phase: 'recruiting', round: 0, pass: 0, startedAt: null, createdAt: now - 90 * MINUTE }),
    old('notes-baseline', {
      phase: 'finished',
      round: 20,
      finishedAt: now - 200 * MINUTE,
      metrics: [last],
      adapterHash: hashBytes(Uint8Array.of(7)),
    }),
    old('first-try', { phase: 'abandoned', round: 3, message: 'The quorum of 3 was missed three times.' }),
  ]
}

function passes(at: number) {
  return [0, 1].map((pass) =>
    round({ kind: 'probe', round: 0, pass, startedAt: at - MINUTE, committedAt: at - MINUTE + 18_000, bytes: 884_736 }),
  )
}

function trainRounds(at: (round: number) => number) {
  return Array.from({ length: ROUNDS_DONE + 1 }, (_, index) => {
    const number = index + 1
    const isOpen = number > ROUNDS_DONE
    return round({
      kind: 'train',
      round: number,
      pass: 0,
      startedAt: at(index),
      committedAt: isOpen ? null : at(number) - 4000,
      bytes: UPDATE_BYTES,
      missing: isOpen ? 3 : number % 5 === 0 ? 1 : 0,
    })
  })
}

interface RoundPart {
  readonly kind: 'probe' | 'train'
  readonly round: number
  readonly pass: number
  readonly startedAt: number
  readonly committedAt: number | null
  readonly bytes: number
  /** How many of the cohort have not delivered. */
  readonly missing?: number
}

function round({ bytes, missing = 0, ...part }: RoundPart) {
  const delivered = NAMES.length - missing
  const cohort = NAMES.map((clientId, index) => ({
    clientId,
    assignmentId: `${part.round}-${part.pass}-${clientId}`,
    status: index < delivered ? 'delivered' : part.committedAt === null ? 'training' : 'late',
    weight: index < delivered ? 100 : null,
    uploadBytes: index < delivered ? bytes + FRAME_BYTES : 0,
    downloadBytes: bytes + FRAME_BYTES,
    retryBytes: 0,
    floorBytes: index < delivered ? bytes : 0,
    step: 20,
    steps: 20,
    loss: null,
  }))
  return roundView.parse({
    ...part,
    runId: 'support-bot',
    cohort,
    uploadBytes: delivered * (bytes + FRAME_BYTES),
    downloadBytes: cohort.length * (bytes + FRAME_BYTES),
    retryBytes: part.kind === 'train' && part.round % 5 === 0 ? bytes : 0,
    updateBytes: delivered * bytes,
    plainBytes: 2 * delivered * bytes,
    uploadFloorBytes: delivered * bytes,
    downloadFloorBytes: part.round > 1 ? 2 * cohort.length * bytes : 0,
    gridExponents: { min: -31, max: -28 },
    coordinatesHash: part.committedAt === null ? null : hashBytes(Uint8Array.of(part.round, part.pass)),
    updateNorm: part.committedAt === null || part.kind === 'probe' ? null : 0.9 * 0.86 ** part.round + 0.04,
  })
}

function events(at: (round: number) => number) {
  const lines = [
    ['run-created', 'support-bot was made: lora-sb, rank 32, 20 rounds', at(-0.3)],
    ...NAMES.map((name) => ['client-joined', `${name} joined`, at(-0.2)]),
    ['factors-made', 'The frozen factors are made from 2 passes over 4 clients', at(0)],
    ...Array.from({ length: ROUNDS_DONE }, (_, index) => [
      'committed',
      `Round ${index + 1} is committed: ${index % 5 === 4 ? 3 : 4} of 4 updates, loss ${evalLoss(index + 1).toFixed(3)}`,
      at(index + 1),
    ]),
  ]
  return lines.map(([type, text, time], index) =>
    eventView.parse({ seq: index + 1, runId: 'support-bot', at: time, type, text, data: {} }),
  )
}

function workers(now: number) {
  const devices = ['cuda: NVIDIA L4', 'cuda: NVIDIA L4', 'cpu: 16 threads', 'webgpu: Apple M2']
  return NAMES.map((clientId, index) =>
    workerView.parse({
      clientId,
      connected: index !== 1,
      device: devices[index],
      software: 'tessera 0.1.0, node 20.20',
      examples: Object.values(CLIENTS)[index],
      runId: index === 1 ? null : 'support-bot',
      round: index === 1 ? null : ROUNDS_DONE + 1,
      step: [20, 0, 9, 4][index],
      steps: index === 1 ? 0 : 20,
      loss: index === 1 ? null : evalLoss(12) + wobble(3, index),
      lastSeenAt: index === 1 ? now - 4 * MINUTE : now - 1000,
    }),
  )
}

function metric(part: { round: number; name: string; clientId: string | null; value: number; at: number }) {
  return metricPoint.parse({ runId: 'support-bot', ...part })
}

const evalLoss = (round: number) => 0.62 + 1.62 * Math.exp(-round / 4.2)
const accuracy = (round: number) => 0.842 - 0.5 * Math.exp(-round / 3.6)
const wobble = (round: number, client: number) => 0.07 * Math.sin(2.3 * round + 1.7 * client) + 0.04 * (client - 1.5)
