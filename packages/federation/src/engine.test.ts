import { siteFactors } from '@tessera/adapters'
import {
  type ClientWork,
  collect,
  coordinatesByHand,
  createFederation,
  descentProduct,
  exactSpectrum,
  examplesOf,
  FEDERATION_CLIENTS,
  FEDERATION_SITES,
  knownUpdate,
  matrixOfSpectrum,
  pooledDescent,
  testRandom,
} from '@tessera/testing'
import { type BlobHash, clientId, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { decodeFactors } from './artefacts.ts'
import { createMemoryStore } from './memory-store.ts'
import { passProbes, trainLayout } from './stage-layout.ts'

const [a, b, c] = FEDERATION_CLIENTS
const ALL = FEDERATION_CLIENTS
const trained: ClientWork = (client, { round }) => knownUpdate(client, round)
const begun = async (...parts: Parameters<typeof createFederation>) => {
  const federation = createFederation(...parts)
  await federation.engine.createRun(federation.record)
  return federation
}

describe('a whole federation in one process', () => {
  it('ends with the exact weighted mean of three rounds', async () => {
    const federation = await begun({}, { store: createMemoryStore() })
    await federation.join()
    expect(await federation.work(trained)).toEqual(Array(9).fill('accepted'))
    expect(federation.stateOf()).toMatchObject({ phase: 'finished', round: 3 })
    expect(await federation.coordinates()).toEqual(coordinatesByHand([ALL, ALL, ALL]))
    expect(federation.log.lines).toEqual([])
    expect(federation.clock.nextWake()).toBeNull()
  })

  it('stores every version, what clients measured, and one event a transition', async () => {
    const store = createMemoryStore()
    const federation = await begun({ total: 2 }, { store })
    await federation.join()
    await federation.work(trained)
    const { runId } = federation.record
    expect((await store.versionsOf(runId)).map(({ round }) => round)).toEqual([0, 1, 2])
    const losses = store.metricsOf(runId).filter(({ name }) => name === 'train-loss')
    expect(losses.map(({ round, clientId: from }) => `${round} ${from}`)).toEqual([
      '1 a',
      '1 b',
      '1 c',
      '2 a',
      '2 b',
      '2 c',
    ])
    const log = await collect(store.eventsOf(runId))
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: federation.stateOf().seq }, (_, at) => at + 1))
    expect(log.map(({ event }) => event)).toEqual(federation.observer.events)
    expect(log.at(-1)!.head).toBe(federation.stateOf().head)
  })

  it('ends with the same bytes when updates arrive in another order, twice, and around a restart in every round', async () => {
    const calm = await begun({}, { store: createMemoryStore() })
    await calm.join()
    await calm.work(trained)

    const store = createMemoryStore()
    let federation = await begun({}, { store })
    await federation.join([c, a, b])
    for (const [at, first] of [b, c, a].entries()) {
      const round = at + 1
      const owed = () => new Map(federation.transport.takeAssignments().map((sent) => [sent.clientId, sent.message]))
      const sent = owed()
      const deliver = (client: typeof a) => federation.send(client, sent.get(client)!, knownUpdate(client, round))
      expect(await deliver(first)).toEqual({ ok: true, value: { duplicate: false } })
      await federation.engine.close()
      federation = createFederation({}, { store })
      await federation.engine.restore()
      expect(federation.stateOf()).toMatchObject({ phase: 'training', round: at })
      await federation.join([c, b, a])
      expect(await deliver(first)).toEqual({ ok: true, value: { duplicate: true } })
      const others = [...owed().keys()]
      expect(others.sort()).toEqual(ALL.filter((client) => client !== first))
      for (const client of others.reverse()) {
        const answers = await Promise.all([deliver(client), deliver(client)])
        expect(answers.map((answer) => answer.ok && answer.value.duplicate)).toEqual([false, true])
      }
      await federation.rest()
    }
    expect(federation.stateOf()).toMatchObject({ phase: 'finished', round: 3 })
    expect(federation.stateOf().coordinates).toBe(calm.stateOf().coordinates)
    expect((await store.versionsOf(federation.record.runId)).length).toBe(4)
  })

  it('refuses an update with a NaN and finishes the round with the quorum', async () => {
    const federation = await begun({ total: 1 }, { store: createMemoryStore() })
    await federation.join()
    const broken: ClientWork = (client, message) =>
      client === b ? new Float32Array(8).fill(Number.NaN) : trained(client, message)
    expect(await federation.work(broken)).toEqual(['accepted', 'not-finite', 'accepted'])
    expect(federation.stateOf().phase).toBe('finished')
    expect(await federation.coordinates()).toEqual(coordinatesByHand([[a, c]]))
    expect(federation.log.lines.map(({ message }) => message)).toEqual([
      'update of b refused: coordinate 0 of the update is NaN',
    ])
  })

  it('answers for a run that it does not know, and for one that is over', async () => {
    const federation = createFederation({}, { store: createMemoryStore() })
    const { engine, record } = federation
    const early = await engine.steer(record.runId, { type: 'resumed' })
    await engine.createRun(record)
    await engine.steer(record.runId, { type: 'aborted', reason: 'asked to' })
    const late = await engine.steer(record.runId, { type: 'paused', cause: 'asked', reason: 'too late' })
    expect([early, late].map((answer) => (answer.ok ? 'ok' : answer.error.code))).toEqual([
      'unknown-run',
      'illegal-event',
    ])
  })
})

describe('deadlines on a fake clock', () => {
  it('close a round over its quorum and call off the one that is late', async () => {
    const federation = await begun({ total: 1 }, { store: createMemoryStore() })
    await federation.join()
    for (const { clientId: client, message } of federation.transport.takeAssignments().slice(0, 2)) {
      await federation.send(client, message, knownUpdate(client, 1))
    }
    federation.clock.advanceTo(1000)
    await federation.observer.until(({ phase }) => phase === 'finished')
    expect(await federation.coordinates()).toEqual(coordinatesByHand([[a, b]]))
    const cancelled = federation.transport.takeCancellations()
    expect(cancelled.map(({ clientId: client, work }) => `${client}: ${work.reason}`)).toEqual(['c: the round is over'])
  })

  it('try again, pause the run with a reason, and start over when it is resumed', async () => {
    const federation = await begun({ total: 1, attempts: 2 }, { store: createMemoryStore() })
    const { engine, record, clock, observer, transport } = federation
    await federation.join()
    expect(transport.takeAssignments().length).toBe(3)
    clock.advanceTo(1000)
    await observer.until(({ stage }) => stage?.attempt === 2)
    expect(transport.takeAssignments().length).toBe(3)
    clock.advanceTo(2000)
    const { message } = await observer.until(({ phase }) => phase === 'paused')
    expect(message).toBe('round 1 got 0 updates where 2 make a quorum, in 2 attempts')
    await engine.steer(record.runId, { type: 'resumed' })
    expect(await federation.work(trained)).toEqual(Array(3).fill('accepted'))
    expect(federation.stateOf().phase).toBe('finished')
  })

  it('start a run with the quorum when nobody else comes', async () => {
    const federation = await begun({ total: 1 }, { store: createMemoryStore() })
    await federation.join([a, b])
    expect(federation.stateOf().phase).toBe('recruiting')
    federation.clock.advanceTo(1000)
    await federation.observer.until(({ phase }) => phase === 'training')
    expect(await federation.work(trained)).toEqual(['accepted', 'accepted'])
    expect(await federation.coordinates()).toEqual(coordinatesByHand([[a, b]]))
  })
})

describe('an initialisation in passes', () => {
  it('ends in the truncated SVD of the pooled descent direction, which nobody sent', async () => {
    const gradients = FEDERATION_SITES.map(({ outDim, inDim }) =>
      ALL.map((_, at) => matrixOfSpectrum({ rows: outDim, cols: inDim }, [3 - at], testRandom(at + outDim)).matrix),
    )
    const federation = await begun({ initialisation: 'federated-sketch', total: 1 }, { store: createMemoryStore() })
    const { store, record } = federation
    const read = async (hash: string) => unwrap(decodeFactors((await store.readBlob(hash as BlobHash))!))
    const sizes: number[] = []
    const sketch: ClientWork = async (client, message) => {
      if (message.kind === 'train') return trained(client, message)
      const panels = message.artefact === null ? null : await read(message.artefact)
      const products = passProbes(record, message.pass, panels).map(({ probe }, at) =>
        descentProduct(gradients[at][ALL.indexOf(client)], probe),
      )
      sizes.push(products.reduce((sum, { length }) => sum + length, 0))
      return Float32Array.from(products.flatMap((product) => [...product]))
    }
    await federation.join(['b', 'c', 'a'].map((name) => clientId(name)))
    expect(await federation.work(sketch)).toEqual(Array(9).fill('accepted'))
    expect(sizes).toEqual([30, 30, 30, 39, 39, 39]) // 3 columns of 6 + 4 rows, then 3 rows of 5 + 8 columns

    const factors = await read(federation.stateOf().factors!)
    for (const [at, entry] of trainLayout(record).sites.entries()) {
      const pool = ALL.map((client, of) => ({ gradient: gradients[at][of], weight: examplesOf(client) }))
      const { u, vT } = exactSpectrum(pooledDescent(pool), 2)
      const own = siteFactors(entry, { ...factors, [`${entry.site.name}.R`]: new Float32Array(4) })
      expect(largestDifference(own.B, u)).toBeLessThan(1e-4)
      expect(largestDifference(own.A, vT)).toBeLessThan(1e-4)
    }
  })
})

const largestDifference = (one: Float32Array, other: Float32Array) =>
  Math.max(...one.map((value, at) => Math.abs(value - other[at])))
