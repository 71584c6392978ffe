import { LIVE_EVENT, type LiveMessage } from '@tessera/protocol'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  COORDINATES,
  type CoordinatorUnderTest,
  coordinatorUnderTest,
  TOKEN,
} from '../protocol/coordinator-under-test.ts'
import { type FrameClient, updateOf } from '../protocol/frame-client.ts'
import { tessera } from './tessera-command.ts'

let coordinator: CoordinatorUnderTest
let client: FrameClient
const heard: LiveMessage[] = []

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
  client = await coordinator.admitted('trains')
  const feed = io(new URL('/live', coordinator.url).href, { transports: ['websocket'], reconnection: false })
  feed.on(LIVE_EVENT, (message: LiveMessage) => heard.push(message))
  await new Promise<void>((resolve) => feed.on('connect', resolve))
})
afterAll(async () => {
  client?.drop()
  await coordinator?.stop()
})

const rm = (...args: string[]) => tessera('--server', coordinator.url, '--token', TOKEN, 'runs', 'rm', ...args)
const update = (given: Parameters<typeof updateOf>[0]) => updateOf(given, new Float32Array(COORDINATES).fill(2 ** -10))
const refused = (code: string) => ({ error: expect.objectContaining({ code, fix: expect.any(String) }) })

describe('tessera runs rm', () => {
  it('refuses a run while a worker trains for it, with the way out, and asks before it removes anything', async () => {
    const id = await coordinator.startRun({ total: 1, clients: 1 })
    const given = await client.told('assignment')
    const running = await rm(id, '--yes')
    expect([running.exit, running.documents]).toEqual([4, [refused('illegal-event')]])
    expect(running.said).toContain(`tessera runs abort ${id}`)
    const unasked = await rm(id, '--force')
    expect([unasked.exit, unasked.documents]).toEqual([5, [refused('invalid-config')]])
    expect(unasked.said).toContain('--yes')
    const { message, body } = update(given)
    expect(await client.send(message, body)).toEqual({ type: 'accepted', duplicate: false })
    await coordinator.phase(id, 'finished')
    expect(await rm(id, '--yes')).toMatchObject({ exit: 0, documents: [{ removed: id }] })
    await expect(coordinator.api.run(id)).rejects.toMatchObject({ code: 'unknown-run' })
    expect((await rm(id, '--yes')).exit).toBe(4)
  })

  it('takes a run away from its worker with --force: cancel, then unknown-run, and other work goes on', async () => {
    const id = await coordinator.startRun({ total: 2, clients: 1 })
    const given = await client.told('assignment')
    expect(await rm(id, '--yes', '--force')).toMatchObject({ exit: 0, documents: [{ removed: id }] })
    expect(await client.told('cancel')).toMatchObject({ runId: id, assignmentId: given.assignmentId })
    expect((await coordinator.api.runs()).map((run) => run.id)).not.toContain(id)
    const { message, body } = update(given)
    const { runId, round, assignmentId } = given
    const progress = { type: 'progress', runId, round, assignmentId, step: 1, steps: 2, loss: null }
    for (const answer of [await client.send(message, body), await client.send(progress)]) {
      expect(answer).toMatchObject({ type: 'refusal', code: 'unknown-run', retryable: false })
    }
    const next = await coordinator.startRun({ total: 1, clients: 1 })
    const good = update(await client.told('assignment'))
    expect(await client.send(good.message, good.body)).toEqual({ type: 'accepted', duplicate: false })
    await coordinator.phase(next, 'finished')

    const removed = heard.findIndex((message) => message.type === 'removed' && message.runId === id)
    expect(removed).toBeGreaterThan(0)
    const later = heard.slice(removed).filter((message) => message.type === 'run' && message.run.id === id)
    expect(later).toEqual([])
  })

  it('leaves nothing that a restart could find', async () => {
    const kept = (await coordinator.api.runs()).map((run) => run.id)
    await coordinator.restart()
    expect((await coordinator.api.runs()).map((run) => run.id)).toEqual(kept)
    expect(kept).toHaveLength(1)
  })
})
