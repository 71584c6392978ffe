/** One session in which every message appears, in the order of PROTOCOL.md, which prints it. Read by tests only. */
import { assignmentId, clientId, runId } from '@tessera/vocabulary'
import { hashBytes } from './blob-hash.ts'
import type { Message } from './message.ts'
import { PROTOCOL_VERSION } from './version.ts'

export interface SampleFrame {
  readonly from: 'worker' | 'coordinator'
  /** Why it is sent, for the reader. */
  readonly note: string
  readonly message: Message
  readonly body?: Uint8Array
}

const text = (value: string) => new TextEncoder().encode(value)

const coordinates = new Uint8Array(8) // two zeros as float32
const encodedUpdate = Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf) // 1 and -0.5 as float32
const largeUpdate = text('a larger update')
const modelFile = hashBytes(text('model.safetensors'))

const work = { runId: runId('run-1'), round: 1, assignmentId: assignmentId('run-1.1.0.ada') }
const later = { ...work, round: 2, assignmentId: assignmentId('run-1.2.0.ada') }
const last = { ...work, round: 3, assignmentId: assignmentId('run-1.3.0.ada') }
const result = { weight: 120, codec: 'float32' }
const metrics = { 'train-loss': 2.25 }
const accepted = { type: 'accepted', duplicate: false } as const

const introduction: readonly SampleFrame[] = [
  {
    from: 'worker',
    note: 'a connection opens',
    message: {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      token: 'let-me-in',
      clientId: clientId('ada'),
      clientSecret: '0123456789abcdef0123456789abcdef',
      examples: 120,
      device: 'cpu',
      software: 'tessera-worker 0.1.0',
    },
  },
  {
    from: 'coordinator',
    note: 'admitted',
    message: {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      clientId: clientId('ada'),
      serverTime: 1_790_000_000_000,
    },
  },
  { from: 'coordinator', note: 'nothing to do', message: { type: 'idle', message: 'waiting for 1 more client' } },
  { from: 'worker', note: '', message: accepted },
]

const training: readonly SampleFrame[] = [
  {
    from: 'coordinator',
    note: 'round 1 begins',
    message: {
      type: 'assignment',
      ...work,
      kind: 'train',
      pass: 0,
      spec: { method: 'lora-sb' },
      sites: [{ name: 'model.layers.0.self_attn.q_proj', outDim: 64, inDim: 64 }],
      model: [{ path: 'model.safetensors', hash: modelFile, size: 1_048_576 }],
      artefact: hashBytes(text('frozen factors')),
      coordinates: hashBytes(coordinates),
      step: null,
      baseChange: null,
      schedule: null,
      place: null,
      deadlineAt: 1_790_000_600_000,
    },
  },
  { from: 'worker', note: '', message: accepted },
  {
    from: 'worker',
    note: 'the start',
    message: { type: 'fetch-blob', hash: hashBytes(coordinates), offset: 0, length: 524_288 },
  },
  {
    from: 'coordinator',
    note: 'it is short',
    message: { type: 'chunk', hash: hashBytes(coordinates), size: 8, offset: 0 },
    body: coordinates,
  },
  { from: 'worker', note: 'half done', message: { type: 'progress', ...work, step: 5, steps: 10, loss: 2.5 } },
  { from: 'coordinator', note: '', message: accepted },
  {
    from: 'worker',
    note: 'done, small enough for one frame',
    message: { type: 'update', ...work, ...result, length: 2, blob: null, metrics },
    body: encodedUpdate,
  },
  { from: 'coordinator', note: '', message: accepted },
]

const upload: readonly SampleFrame[] = [
  {
    from: 'worker',
    note: 'in round 2 a large update goes up as a blob',
    message: { type: 'offer-blob', hash: hashBytes(largeUpdate), size: largeUpdate.length },
  },
  {
    from: 'coordinator',
    note: 'all of it',
    message: { type: 'wanted', hash: hashBytes(largeUpdate), missing: [0] },
  },
  {
    from: 'worker',
    note: '',
    message: { type: 'store-chunk', hash: hashBytes(largeUpdate), size: largeUpdate.length, index: 0 },
    body: largeUpdate,
  },
  {
    from: 'coordinator',
    note: '',
    message: { type: 'stored', hash: hashBytes(largeUpdate), index: 0, complete: true },
  },
  {
    from: 'worker',
    note: 'too late',
    message: { type: 'update', ...later, ...result, length: 300_000, blob: hashBytes(largeUpdate), metrics },
  },
  {
    from: 'coordinator',
    note: 'nothing was added',
    message: { type: 'refusal', code: 'round-over', message: 'round 2 is over', retryable: false },
  },
]

const farewell: readonly SampleFrame[] = [
  {
    from: 'worker',
    note: 'in round 3 training fails',
    message: { type: 'decline', ...last, code: 'not-finite', message: 'the loss became NaN at step 3' },
  },
  { from: 'coordinator', note: '', message: accepted },
  {
    from: 'coordinator',
    note: 'the round ends without it',
    message: { type: 'cancel', ...last, reason: 'the round is over' },
  },
  { from: 'worker', note: 'known already', message: { ...accepted, duplicate: true } },
  { from: 'worker', note: 'the person stops it', message: { type: 'goodbye' } },
  { from: 'coordinator', note: '', message: accepted },
]

export const sampleSession: readonly SampleFrame[] = [...introduction, ...training, ...upload, ...farewell]
