import { chain, genesis, initialState, type RunState } from '@tessera/federation'
import { sampleHash, sampleRecord } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenedDatabase, open, SERVERS, type TestServer } from './databases.ts'
import { type Fate, startProxy, type TcpProxy } from './tcp-proxy.ts'

let server: TestServer
let proxy: TcpProxy
let database: OpenedDatabase

for (const [name, start] of SERVERS) {
  describe(name, () => {
    beforeAll(async () => {
      server = await start()
      proxy = await startProxy(server.url)
      database = await open({ url: `${proxy.url}?statement_timeout=1000` })
    })

    afterAll(async () => {
      await database?.close()
      await proxy?.close()
      await server?.stop()
    })

    describe('a connection that is cut', describeCuts)
  })
}

/** The fate of the packet that comes after `before` others; all others pass. */
function onePacket(before: number, fate: Fate): () => Fate {
  let passed = 0
  return () => (passed++ === before ? fate : 'pass')
}

function describeCuts(): void {
  it('at any packet of a commit, before or after it reached the server, loses no event and repeats none', async () => {
    const { store, log } = database
    const record = sampleRecord('cut-often')
    let state: RunState = initialState(record)
    await store.createRun(record, state)
    const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251)
    for (const fate of ['cut-before', 'cut-after'] as const) {
      for (let packet = 0; packet < 24; packet++) {
        const seq = state.seq + 1
        const event = { type: 'deadline-passed', at: seq } as const
        state = { ...state, seq, head: chain(state.head, event) }
        const blobs = [{ hash: sampleHash(100_000 + seq), bytes }]
        proxy.decide(onePacket(packet, fate))
        await store.commit({ runId: record.runId, event, state, blobs })
      }
    }
    proxy.decide(() => 'pass')
    const events = []
    let head = genesis(record)
    for await (const { seq, event, head: stored } of store.eventsOf(record.runId)) {
      head = chain(head, event)
      events.push([seq, stored === head])
    }
    expect(events).toEqual(Array.from({ length: 48 }, (_, at) => [at + 1, true]))
    expect((await store.loadRuns())[0]?.state).toEqual(state)
    // A commit has fewer than 24 packets, so some commits were not cut; most were, and each outage is told once.
    const outages = log.lines.filter(({ level }) => level === 'warn').length
    expect(outages).toBeGreaterThan(16)
    expect(log.lines.filter(({ message }) => message === 'the database answers again')).toHaveLength(outages)
  })

  it.each(['cut-before', 'cut-after'] as const)(
    'at the very %s of its COMMIT makes and deletes a run once',
    async (fate) => {
      const { store } = database
      const record = sampleRecord(`made-${fate}`)
      const cutAtCommit = () => {
        let cut = false
        proxy.decide((packet) => {
          if (cut || !packet.includes('COMMIT')) return 'pass'
          cut = true
          return fate
        })
      }
      cutAtCommit()
      await store.createRun(record, initialState(record))
      cutAtCommit()
      await store.deleteRun(record.runId)
      proxy.decide(() => 'pass')
      expect((await store.loadRuns()).filter((run) => run.record.runId === record.runId)).toEqual([])
    },
  )

  it('by nobody, while the network swallows everything, is given up; what waited is done when there is one', async () => {
    const { store } = database
    const record = sampleRecord('swallowed')
    const state = initialState(record)
    await store.createRun(record, state)
    const event = { type: 'deadline-passed', at: 1 } as const
    proxy.hold()
    const commit = store.commit({
      runId: record.runId,
      event,
      state: { ...state, seq: 1, head: chain(state.head, event) },
    })
    const warned = () => database.log.lines.filter(({ level }) => level === 'warn').length
    const before = warned()
    await expect.poll(warned, { timeout: 60_000 }).toBeGreaterThan(before)
    proxy.release()
    await commit
    expect((await store.loadRuns()).find((run) => run.record.runId === record.runId)?.state.seq).toBe(1)
  })
}
