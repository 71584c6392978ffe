import {
  type EventView,
  eventView,
  type LiveMessage,
  liveMessage,
  type MetricPoint,
  metricPoint,
  type RunView,
  runView,
} from '@tessera/protocol'
import { runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type LiveState, liveState, NOTHING } from './live-state.ts'

const run = (id: string, createdAt: number, part: object = {}): RunView =>
  runView.parse({
    id,
    name: id,
    phase: 'training',
    round: 1,
    rounds: 5,
    pass: 0,
    passes: 0,
    method: 'lora-sb',
    rank: 8,
    seed: '1',
    createdAt,
    startedAt: null,
    finishedAt: null,
    message: null,
    clients: [],
    metrics: [],
    adapterHash: null,
    waiting: 'waits for the update of ward-3',
    resumesByItself: false,
    logHead: '0'.repeat(64),
    ...part,
  })

const metric = (round: number, value: number, clientId: string | null = null): MetricPoint =>
  metricPoint.parse({ runId: 'demo', round, name: 'eval-loss', clientId, value, at: round })

const event = (seq: number, id = 'demo'): EventView =>
  eventView.parse({ seq, runId: id, at: seq, type: 'committed', text: `event ${seq}`, data: {} })

const round = (kind: 'probe' | 'train', number: number, uploadBytes = 0): LiveMessage =>
  liveMessage.parse({
    type: 'round',
    round: {
      runId: 'demo',
      round: kind === 'probe' ? 0 : number,
      kind,
      pass: kind === 'probe' ? number : 0,
      startedAt: 0,
      committedAt: null,
      cohort: [],
      uploadBytes,
      downloadBytes: 0,
      retryBytes: 0,
      updateBytes: 0,
      plainBytes: 0,
      uploadFloorBytes: 0,
      downloadFloorBytes: 0,
      gridExponents: null,
      coordinatesHash: null,
      updateNorm: null,
    },
  })

const worker = (clientId: string, part: object = {}): LiveMessage =>
  liveMessage.parse({
    type: 'worker',
    worker: {
      clientId,
      connected: true,
      device: 'cpu',
      software: 'test',
      examples: 10,
      runId: null,
      round: null,
      step: 0,
      steps: 0,
      loss: null,
      lastSeenAt: 0,
      ...part,
    },
  })

const opened: LiveState = {
  runs: [run('demo', 1000)],
  workers: [],
  detail: { runId: runId('demo'), rounds: [], metrics: [], events: [] },
}

const after = (state: LiveState, ...messages: LiveMessage[]) => messages.reduce(liveState, state)

describe('what the page knows', () => {
  it('keeps runs newest first and replaces a run by its newer view', () => {
    const state = after(
      NOTHING,
      { type: 'run', run: run('old', 1) },
      { type: 'run', run: run('new', 2) },
      { type: 'run', run: run('old', 1, { phase: 'finished' }) },
    )
    expect(state.runs.map(({ id, phase }) => `${id} ${phase}`)).toEqual(['new training', 'old finished'])
  })

  it('keeps connected workers before others, and counts up in names', () => {
    const state = after(
      NOTHING,
      worker('c10'),
      worker('c2'),
      worker('c1', { connected: false }),
      worker('c2', { step: 7 }),
    )
    expect(state.workers.map(({ clientId, step }) => `${clientId} ${step}`)).toEqual(['c2 7', 'c10 0', 'c1 0'])
  })

  it('orders passes before rounds, whatever arrives first', () => {
    const state = after(
      opened,
      round('train', 2),
      round('train', 1),
      round('probe', 2),
      round('probe', 1),
      round('train', 1, 9),
    )
    expect(state.detail?.rounds.map(({ kind, round, pass, uploadBytes }) => [kind, round + pass, uploadBytes])).toEqual(
      [
        ['probe', 1, 0],
        ['probe', 2, 0],
        ['train', 1, 9],
        ['train', 2, 0],
      ],
    )
  })

  it('adds a measurement to the curves and, if it is of the whole run, to the list', () => {
    const state = after(
      opened,
      { type: 'metric', metric: metric(1, 2.5) },
      { type: 'metric', metric: metric(1, 2.25, 'north') },
      { type: 'metric', metric: metric(1, 2.0) },
    )
    expect(state.detail?.metrics.map(({ value }) => value)).toEqual([2, 2.25])
    expect(state.runs[0]?.metrics.map(({ value }) => value)).toEqual([2])
  })

  it('takes the measurements that a view of the run brings along', () => {
    const state = after(opened, { type: 'run', run: run('demo', 1000, { metrics: [metric(1, 1.5)] }) })
    expect(state.detail?.metrics).toEqual([metric(1, 1.5)])
  })

  it('keeps the 1000 newest events in order', () => {
    const messages = Array.from({ length: 1002 }, (_, index) => ({
      type: 'event' as const,
      event: event(1002 - index),
    }))
    const events = after(opened, ...messages).detail?.events ?? []
    expect([events.length, events.at(0)?.seq, events.at(-1)?.seq]).toEqual([1000, 3, 1002])
  })

  it('changes nothing when the same message comes twice', () => {
    const messages: LiveMessage[] = [
      { type: 'metric', metric: metric(1, 2) },
      { type: 'event', event: event(1) },
      round('train', 1),
      worker('north'),
    ]
    expect(after(opened, ...messages, ...messages)).toEqual(after(opened, ...messages))
  })

  it('leaves the shown run alone when another one speaks', () => {
    expect(after(opened, { type: 'event', event: event(1, 'other') }).detail).toBe(opened.detail)
  })

  it('forgets a run that was removed, and its detail, and no other run', () => {
    const both = after(opened, { type: 'run', run: run('other', 2000) })
    const state = after(both, { type: 'removed', runId: runId('demo') }, { type: 'removed', runId: runId('demo') })
    expect([state.runs.map(({ id }) => id), state.detail]).toEqual([['other'], null])
    expect(after(both, { type: 'removed', runId: runId('other') })).toEqual(opened)
  })

  it('starts over from a snapshot', () => {
    const state = liveState(after(opened, worker('gone')), { type: 'snapshot', runs: [], workers: [], detail: null })
    expect(state).toEqual(NOTHING)
  })
})
