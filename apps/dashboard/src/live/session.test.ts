import { type RunView, runView } from '@tessera/protocol'
import { FedError, runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import type { Api } from '../api.ts'
import { createSession, type FeedListener } from './session.ts'

const run = (phase: string): RunView =>
  runView.parse({
    id: 'demo',
    name: 'demo',
    phase,
    round: 1,
    rounds: 5,
    pass: 0,
    passes: 0,
    method: 'lora-sb',
    rank: 8,
    seed: '1',
    createdAt: 1,
    startedAt: null,
    finishedAt: null,
    message: null,
    clients: [],
    metrics: [],
    adapterHash: null,
    waiting: 'waits for the update of ward-3',
    resumesByItself: false,
    logHead: '0'.repeat(64),
  })

/** A coordinator whose answers wait until they are let go, and a feed that the test speaks through. */
function coordinator() {
  const open: (() => void)[] = []
  const stored = { run: run('training'), failure: null as FedError | null, reopened: 0 }
  const answer = <Value>(value: () => Value) =>
    new Promise<Value>((resolve, reject) => {
      open.push(() => (stored.failure ? reject(stored.failure) : resolve(Promise.resolve().then(value))))
    })
  const api: Api = {
    runs: () => answer(() => [stored.run]),
    run: (id) =>
      answer(() => {
        if (id !== stored.run.id) throw new FedError('unknown-run', 'none')
        return stored.run
      }),
    rounds: () => answer(() => []),
    metrics: () => answer(() => []),
    events: () => answer(() => []),
    workers: () => answer(() => []),
    act: () => answer(() => stored.run),
    blob: () => answer(() => new Blob()),
  }
  const heard: { feed: FeedListener | null } = { feed: null }
  const session = createSession(api, (listener) => {
    heard.feed = listener
    const reopen = () => {
      stored.reopened += 1
    }
    return { reopen, close: () => undefined }
  })
  session.start()
  const feed = heard.feed!
  const letGo = async () => {
    while (open.length > 0) {
      for (const go of open.splice(0)) go()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { session, stored, feed, letGo }
}

describe('a session with the coordinator', () => {
  it('reads everything once the feed is open', async () => {
    const { session, feed, letGo } = coordinator()
    expect(session.state()).toMatchObject({ connection: 'connecting', loaded: false })
    session.show(runId('demo'))
    feed.opened()
    await letGo()
    expect(session.state()).toMatchObject({ connection: 'open', loaded: true, live: { detail: { runId: 'demo' } } })
  })

  it('loses nothing that is said while it reads, though the answer is older', async () => {
    const { session, feed, letGo } = coordinator()
    feed.opened()
    feed.heard({ type: 'run', run: run('finished') })
    expect(session.state().live.runs).toEqual([])
    await letGo()
    expect(session.state().live.runs.map(({ phase }) => phase)).toEqual(['finished'])
  })

  it('reads again after a lost connection', async () => {
    const { session, stored, feed, letGo } = coordinator()
    feed.opened()
    await letGo()
    feed.lost()
    expect(session.state().connection).toBe('lost')
    stored.run = run('paused')
    feed.opened()
    await letGo()
    expect(session.state()).toMatchObject({ connection: 'open', live: { runs: [{ phase: 'paused' }] } })
  })

  it('shows no detail of a run that does not exist, and still the others', async () => {
    const { session, feed, letGo } = coordinator()
    feed.opened()
    session.show(runId('other'))
    await letGo()
    expect(session.state().live).toMatchObject({ runs: [{ id: 'demo' }], detail: null })
  })

  it('is locked until a token is right, whether the feed or a read is refused', async () => {
    const { session, stored, feed, letGo } = coordinator()
    feed.refused()
    expect(session.state().connection).toBe('locked')
    session.unlock()
    expect([session.state().connection, stored.reopened]).toEqual(['connecting', 1])
    stored.failure = new FedError('unauthorized', 'no')
    feed.opened()
    await letGo()
    expect(session.state().connection).toBe('locked')
  })
})
