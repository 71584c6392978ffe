import type { WorkerMessage } from '@tessera/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAnswer } from './fake-coordinator.ts'
import { frameOf } from './frame-client.ts'
import { refuse, type WorkerBench, workerBench } from './worker-under-test.ts'

let bench: WorkerBench

beforeAll(async () => {
  bench = await workerBench()
})
afterEach(() => bench.stopAll())
afterAll(() => bench?.close())

/** The unkind answers to one type of message, one after the other, and kind ones from then on. */
function unkindly(type: WorkerMessage['type'], answers: readonly FakeAnswer[]) {
  const left = [...answers]
  return (message: WorkerMessage) =>
    message.type === type ? (left.shift() ?? bench.kindly(message)) : bench.kindly(message)
}

describe('a worker', () => {
  it.each(['unauthorized', 'unsupported-version'] as const)('ends when its hello is refused with %s', async (code) => {
    const { worker, heard } = await bench.start(() => refuse(code, false))
    expect(await worker.ended).toMatchObject({ code })
    expect(heard('hello')).toHaveLength(1)
  })

  it('tells once what it moved when it ends, and not that a connection was lost which it closed itself', async () => {
    const { worker, reported } = await bench.start(() => refuse('unauthorized', false))
    await worker.ended
    await worker.stop()
    expect(reported('moved')).toHaveLength(1)
    expect(reported('disconnected')).toEqual([])
  })

  it('says hello again when the refusal is one that passes, and when the answer is damaged', async () => {
    const answers = [refuse('database-unreachable', true), Uint8Array.of(1, 2, 3)]
    const { connected, heard } = await bench.start(unkindly('hello', answers))
    await connected()
    expect(heard('hello')).toHaveLength(3)
  })

  it('ends with client-replaced when another takes its place', async () => {
    const { worker, connected, tell } = await bench.start(bench.kindly)
    await connected()
    const replaced = { type: 'refusal', code: 'client-replaced', message: 'another came', retryable: false } as const
    expect(await tell(replaced)).toEqual({ type: 'accepted', duplicate: false })
    expect(await worker.ended).toMatchObject({ code: 'client-replaced', message: 'another came' })
  })

  it('answers what it can not read with a refusal, and stays', async () => {
    const { connected, tell, reported } = await bench.start(bench.kindly)
    await connected()
    expect(await tell(frameOf({ type: 'idle', message: 'rest' }).slice(0, 40))).toMatchObject({
      code: 'malformed-frame',
    })
    expect(await tell(frameOf({ type: 'goodbye' }))).toMatchObject({ code: 'invalid-message' })
    expect(await tell({ type: 'idle', message: 'rest' })).toEqual({ type: 'accepted', duplicate: false })
    expect(reported('idle')).toEqual([{ type: 'idle', message: 'rest' }])
  })

  it('sends the same result again, without training again, until a whole answer says that it was taken', async () => {
    const answers = [refuse('database-unreachable', true), Uint8Array.of(0)]
    const { connected, tell, heard, sent, reported, until } = await bench.start(unkindly('update', answers))
    await connected()
    expect(await tell(bench.assignment)).toEqual({ type: 'accepted', duplicate: false })
    expect(await tell(bench.assignment)).toEqual({ type: 'accepted', duplicate: true })
    await until(() => expect(reported('delivered')).toHaveLength(1))
    expect(sent()).toHaveLength(3)
    expect(new Set(sent()).size).toBe(1)
    expect(reported('progress')).toHaveLength(2) // two steps, once
    expect(heard('decline')).toEqual([])
  })

  it('gives a result up that is refused for good, and takes the same work again when it is given again', async () => {
    const { connected, tell, heard, reported, until } = await bench.start(
      unkindly('update', [refuse('round-over', false)]),
    )
    await connected()
    await tell(bench.assignment)
    await until(() => expect(reported('refused')).toHaveLength(1))
    expect(heard('decline')).toEqual([])
    expect(await tell(bench.assignment)).toEqual({ type: 'accepted', duplicate: false })
    await until(() => expect(reported('delivered')).toHaveLength(1))
    const [first, second] = heard('update')
    expect(second).toEqual(first)
  })

  it('declines work that it can not do, with the code', async () => {
    const { connected, tell, heard, until } = await bench.start(bench.kindly)
    await connected()
    await tell({ ...bench.assignment, spec: { ...bench.assignment.spec, adapter: { method: 'magic' } } })
    await until(() => expect(heard('decline')).toHaveLength(1))
    expect(heard('decline')[0]).toMatchObject({ assignmentId: bench.assignment.assignmentId, code: 'invalid-config' })
  })

  it('that is called off stops, and does the work when it is given again at once', async () => {
    const { connected, tell, heard, reported, until } = await bench.start(bench.kindly)
    await connected()
    const { runId, round, assignmentId } = bench.assignment
    const cancel = { type: 'cancel', runId, round, assignmentId, reason: 'another took it' } as const
    expect(await tell(cancel)).toEqual({ type: 'accepted', duplicate: true }) // nothing to call off
    await tell(bench.assignment)
    expect(await tell(cancel)).toEqual({ type: 'accepted', duplicate: false })
    expect(await tell(bench.assignment)).toEqual({ type: 'accepted', duplicate: false })
    await until(() => expect(reported('delivered')).toHaveLength(1))
    expect(heard('update')).toHaveLength(1)
  })
})
