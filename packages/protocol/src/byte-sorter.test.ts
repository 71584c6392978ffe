import { assignmentId, clientId, runId } from '@tessera/vocabulary'
import { beforeEach, describe, expect, it } from 'vitest'
import { hashBytes } from './blob-hash.ts'
import { ByteSorter } from './byte-sorter.ts'
import type { Assignment } from './coordinator-messages.ts'
import type { Reply } from './replies.ts'
import type { WorkerMessage } from './worker-messages.ts'

const hashOf = (name: string) => hashBytes(new TextEncoder().encode(name))
const [model, factors, start, change, upload] = ['model', 'factors', 'start', 'change', 'upload'].map(hashOf)

function assignment(run: string, round: number, part: Partial<Assignment> = {}): Assignment {
  return {
    type: 'assignment',
    ...workOf(run, round),
    kind: round === 0 ? 'probe' : 'train',
    pass: 0,
    spec: {},
    sites: [{ name: 'q_proj', outDim: 4, inDim: 4 }],
    model: [{ path: 'model.safetensors', hash: model!, size: 1_000_000 }],
    artefact: factors!,
    coordinates: start!,
    step: null,
    baseChange: change!,
    schedule: null,
    place: null,
    deadlineAt: null,
    ...part,
  }
}

function workOf(run: string, round: number) {
  return { runId: runId(run), round, assignmentId: assignmentId(`${run}.${round}.ada`) }
}

const accepted = (duplicate = false): Reply => ({ type: 'accepted', duplicate })
const fetch = (hash: string, offset = 0): WorkerMessage =>
  ({ type: 'fetch-blob', hash, offset, length: 100 }) as WorkerMessage
const chunk = (hash: string, offset = 0): Reply => ({ type: 'chunk', hash, size: 250, offset }) as Reply
const store = (index: number) => ({ type: 'store-chunk', hash: upload, size: 600_000, index }) as WorkerMessage
const stored = (index: number) => ({ type: 'stored', hash: upload, index, complete: false }) as Reply
const update = (run: string, round: number): WorkerMessage => ({
  ...{ type: 'update', weight: 1, codec: 'float32', length: 1, blob: upload!, metrics: {} },
  ...workOf(run, round),
})

let sorter: ByteSorter
beforeEach(() => {
  sorter = new ByteSorter()
})

const kinds = (request: WorkerMessage | null, answer: Reply | null) => {
  const places = sorter.exchange(request, answer)
  return [places.request.kind, places.answer.kind]
}

describe('bytes of messages', () => {
  it('are of no work before the first assignment', () => {
    expect(sorter.overhead()).toEqual({ runId: null, round: 0, pass: 0, kind: 'control' })
    const goodbye = sorter.exchange({ type: 'goodbye' }, accepted())
    expect([goodbye.request.runId, goodbye.request.kind]).toEqual([null, 'control'])
  })

  it('are sorted by what a blob is in the assignment; who asks for it sends control', () => {
    expect(sorter.told(assignment('a', 3))).toEqual({ runId: 'a', round: 3, pass: 0, kind: 'control' })
    expect(kinds(fetch(model!), chunk(model!))).toEqual(['control', 'model'])
    expect(kinds(fetch(factors!), chunk(factors!))).toEqual(['control', 'factors'])
    expect(kinds(fetch(start!), chunk(start!))).toEqual(['control', 'coordinates'])
    expect(kinds(fetch(change!), chunk(change!))).toEqual(['control', 'coordinates'])
    expect(kinds(fetch(hashOf('other')), chunk(hashOf('other')))).toEqual(['control', 'control'])
    expect(kinds(update('a', 3), accepted())).toEqual(['update', 'control'])
    expect(kinds(store(0), stored(0))).toEqual(['update', 'control'])
  })

  it('of a pass before round 1 are factors both ways, and know their pass', () => {
    sorter.told(assignment('a', 0, { pass: 1 }))
    expect(sorter.exchange(update('a', 0), accepted()).request).toEqual({
      ...{ runId: 'a', round: 0, pass: 1, kind: 'factors' },
    })
  })

  it('are retry when they came before, came to nothing, or came damaged, and so is the answer', () => {
    sorter.told(assignment('a', 1))
    expect(kinds(fetch(factors!), chunk(factors!))).toEqual(['control', 'factors'])
    expect(kinds(fetch(factors!, 100), chunk(factors!, 100))).toEqual(['control', 'factors'])
    expect(kinds(fetch(factors!, 100), chunk(factors!, 100))).toEqual(['retry', 'retry'])
    expect(kinds(fetch(factors!, 200), chunk(factors!, 200))).toEqual(['control', 'factors'])
    expect([kinds(store(0), stored(0)), kinds(store(0), stored(0))].map(([up]) => up)).toEqual(['update', 'retry'])
    expect(kinds(update('a', 1), accepted(true))).toEqual(['retry', 'retry'])
    expect(kinds(null, accepted())).toEqual(['retry', 'retry'])
    const busy = { type: 'refusal', code: 'overloaded', message: 'later', retryable: true } as const
    expect(kinds(update('a', 1), busy)).toEqual(['retry', 'retry'])
    expect(kinds(update('a', 1), { ...busy, code: 'not-finite', retryable: false })).toEqual(['update', 'control'])
    expect(sorter.told(assignment('a', 1)).kind).toBe('retry')
    expect(sorter.told({ type: 'idle', message: '' }, true).kind).toBe('retry')
  })

  it('are not retry when the next round fetches what it has of its own, and are when it fetches what it had', () => {
    sorter.told(assignment('a', 1))
    expect([kinds(fetch(start!), chunk(start!)), kinds(fetch(factors!), chunk(factors!))].map(([, d]) => d)).toEqual([
      'coordinates',
      'factors',
    ])
    const step = { hash: hashOf('step'), from: start!, round: 1 }
    sorter.told(assignment('a', 2, { coordinates: upload!, step }))
    expect(kinds(fetch(step.hash), chunk(step.hash))).toEqual(['control', 'coordinates'])
    expect(kinds(fetch(upload!), chunk(upload!))).toEqual(['control', 'coordinates'])
    expect(kinds(fetch(factors!), chunk(factors!))).toEqual(['retry', 'retry'])
  })

  it('belong to the work that the client last spoke of, and to none when its run is over', () => {
    sorter.told(assignment('a', 5, { coordinates: change! }))
    sorter.told(assignment('b', 1))
    expect(sorter.overhead()).toMatchObject({ runId: 'b', round: 1 })
    sorter.exchange({ type: 'progress', ...workOf('a', 5), step: 1, steps: 2, loss: null }, accepted())
    expect(sorter.overhead()).toMatchObject({ runId: 'a', round: 5 })
    sorter.ended(runId('a'))
    expect(sorter.overhead().runId).toBe(null)
    expect(sorter.exchange(update('a', 5), accepted()).request).toMatchObject({ runId: 'a', round: 5, kind: 'update' })
    expect(sorter.overhead().runId).toBe(null) // what is said of a run that is over brings it not back
    expect(sorter.exchange(fetch(start!), chunk(start!)).answer).toMatchObject({ runId: 'b', kind: 'coordinates' })
  })

  it('of a hello are control', () => {
    const about = { examples: 1, device: 'cpu', software: 'test', token: '', clientSecret: '0123456789abcdef' }
    const hello = { type: 'hello', protocol: 3, clientId: clientId('ada'), ...about } as const
    const welcome = { type: 'welcome', protocol: 3, clientId: clientId('ada'), serverTime: 1 } as const
    expect(kinds(hello, welcome)).toEqual(['control', 'control'])
  })
})
