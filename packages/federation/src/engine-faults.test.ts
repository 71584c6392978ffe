import { coordinatesByHand, createFederation, FEDERATION_CLIENTS, knownFactors, knownUpdate } from '@tessera/testing'
import { expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import type { Store } from './ports.ts'

const ALL = FEDERATION_CLIENTS
const begun = async (...parts: Parameters<typeof createFederation>) => {
  const federation = createFederation(...parts)
  await federation.engine.createRun(federation.record)
  return federation
}

it('a duty that fails pauses the run with its reason, and is done again when the run is resumed', async () => {
  let broken = true
  const makeFactors = async () => {
    if (broken) throw new Error('the disk is full')
    return knownFactors()
  }
  const federation = await begun({ total: 1 }, { store: createMemoryStore(), workbench: { makeFactors } })
  await federation.join()
  const { message, pausedFrom } = await federation.observer.until(({ phase }) => phase === 'paused')
  expect([message, pausedFrom]).toEqual(['internal: the disk is full', 'initialising'])
  broken = false
  await federation.engine.steer(federation.record.runId, { type: 'resumed' })
  await federation.rest()
  await federation.work((client, { round }) => knownUpdate(client, round))
  expect(await federation.coordinates()).toEqual(coordinatesByHand([ALL]))
})

it('an evaluation that fails is logged and holds nothing up', async () => {
  const evaluate = async () => {
    throw new Error('no labels')
  }
  const federation = await begun({ total: 1 }, { store: createMemoryStore(), workbench: { evaluate } })
  await federation.join()
  await federation.work((client, { round }) => knownUpdate(client, round))
  expect(federation.stateOf().phase).toBe('finished')
  expect(federation.log.lines[0]).toMatchObject({ level: 'warn', message: 'evaluation of round 0 failed' })
})

it('an update that could not be stored is not counted, and can be sent again', async () => {
  const memory = createMemoryStore()
  let failures = 1
  const commit: Store['commit'] = async (written) => {
    if (written.update?.clientId === 'b' && failures-- > 0) throw new Error('connection lost')
    return memory.commit(written)
  }
  const federation = await begun({ total: 1 }, { store: { ...memory, commit } })
  await federation.join()
  const [first, second, third] = federation.transport.takeAssignments().map(
    ({ clientId, message }) =>
      () =>
        federation.send(clientId, message, knownUpdate(clientId, 1)),
  )
  expect((await first()).ok).toBe(true)
  await expect(second()).rejects.toThrow('connection lost')
  expect((await second()).ok).toBe(true)
  expect((await third()).ok).toBe(true)
  await federation.rest()
  expect(await federation.coordinates()).toEqual(coordinatesByHand([ALL]))
})

it('a pause and a resumption that overtake the coordinator’s own work neither lose nor repeat it', async () => {
  const federation = await begun({ total: 1 }, { store: createMemoryStore() })
  const { engine, record, transport } = federation
  await federation.join()
  const answers = await Promise.all([
    ...transport
      .takeAssignments()
      .map((sent) => federation.send(sent.clientId, sent.message, knownUpdate(sent.clientId, 1))),
    engine.steer(record.runId, { type: 'paused', cause: 'asked', reason: 'asked to' }),
    engine.steer(record.runId, { type: 'resumed' }),
  ])
  expect(answers.map(({ ok }) => ok)).toEqual(Array(5).fill(true))
  await federation.observer.until(({ phase }) => phase === 'finished')
  expect(await federation.coordinates()).toEqual(coordinatesByHand([ALL]))
  expect(federation.log.lines).toEqual([])
})

it('a restart between the last update and the coordinator’s own work goes on with that work', async () => {
  const store = createMemoryStore()
  const before = await begun({ total: 1 }, { store })
  await before.join()
  const sent = before.transport.takeAssignments()
  const answers = sent.map(({ clientId, message }) => before.send(clientId, message, knownUpdate(clientId, 1)))
  await answers.at(-1)
  await before.engine.close()
  expect(before.stateOf().phase).toBe('aggregating')
  const after = createFederation({ total: 1 }, { store })
  await after.engine.restore()
  await after.observer.until(({ phase }) => phase === 'finished')
  expect(await after.coordinates()).toEqual(coordinatesByHand([ALL]))
})

it('a client that comes back with fewer examples after a restart has not changed what it sent before', async () => {
  const store = createMemoryStore()
  const before = await begun({ total: 1, size: 2 }, { store })
  await before.join(ALL.slice(0, 2))
  const [first, second] = before.transport.takeAssignments()
  await before.send(first.clientId, first.message, knownUpdate(first.clientId, 1))
  await before.engine.close()
  const after = createFederation({ total: 1, size: 2 }, { store })
  await after.engine.restore()
  await after.engine.join(first.clientId, 1)
  expect((await after.send(second.clientId, second.message, knownUpdate(second.clientId, 1))).ok).toBe(true)
  await after.observer.until(({ phase }) => phase === 'finished')
  expect(await after.coordinates()).toEqual(coordinatesByHand([['a', 'b']]))
})
