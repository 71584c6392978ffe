import { coordinatesByHand, createFederation, FEDERATION_CLIENTS, knownUpdate } from '@tessera/testing'
import { expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'

const ALL = FEDERATION_CLIENTS
const [a, b, c] = ALL
const SPEC = { total: 2, deadline: { softMs: 1000, hardMs: 5000 } }
type Federation = ReturnType<typeof createFederation>

/** Three clients at work in round 1 of 2. */
async function atWork(store = createMemoryStore()): Promise<Federation> {
  const federation = createFederation(SPEC, { store })
  await federation.engine.createRun(federation.record)
  await federation.join()
  return federation
}

async function deliver({ transport, send, rest }: Federation, clients = ALL): Promise<void> {
  for (const { clientId, message } of transport.takeAssignments()) {
    if (clients.includes(clientId)) await send(clientId, message, knownUpdate(clientId, message.round))
  }
  await rest()
}

const inStage = ({ stateOf }: Federation) => stateOf().stage?.assignments.map(({ clientId }) => clientId)
const lostIn = ({ observer }: Federation) =>
  observer.events.flatMap((event) => (event.type === 'client-left' ? [`${event.clientId} at ${event.at}`] : []))

it('a client that is disconnected while a cohort is drawn has its place, and goes on when it is back', async () => {
  const federation = await atWork()
  await federation.engine.leave(a, 'lost')
  await deliver(federation)
  expect(inStage(federation)).toEqual([a, b, c])
  federation.clock.advanceTo(999)
  await federation.join([a])
  await deliver(federation)
  federation.clock.advanceTo(1000)
  expect(federation.stateOf().phase).toBe('finished')
  expect(lostIn(federation)).toEqual([])
  expect(await federation.coordinates()).toEqual(coordinatesByHand([ALL, ALL]))
})

it('a client that stays away is lost at the soft deadline, and has no place in the next cohort', async () => {
  const federation = await atWork()
  federation.clock.advanceTo(100)
  await federation.engine.leave(a, 'lost')
  federation.clock.advanceTo(1000)
  await deliver(federation, [b, c]) // a quorum is enough by now
  expect(inStage(federation)).toEqual([a, b, c])
  federation.clock.advanceTo(1100)
  await federation.observer.until(({ members }) => members[a]?.present === false)
  expect(lostIn(federation)).toEqual(['a at 1100'])
  await deliver(federation, [b, c])
  federation.clock.advanceTo(2000)
  await federation.observer.until(({ phase }) => phase === 'finished')
  expect(await federation.coordinates()).toEqual(
    coordinatesByHand([
      [b, c],
      [b, c],
    ]),
  )
})

it('a restart expects everyone back, and misses those who are not back by the soft deadline', async () => {
  const store = createMemoryStore()
  const before = await atWork(store)
  await deliver(before, [a, b])
  await before.engine.close()
  const after = createFederation(SPEC, { store })
  await after.engine.restore()
  await after.join([a])
  expect(Object.values(after.stateOf().members).map(({ present }) => present)).toEqual([true, true, true])
  after.clock.advanceTo(1000)
  await after.observer.until(({ members }) => members[c]?.present === false)
  expect(lostIn(after)).toEqual(['b at 1000', 'c at 1000'])
  await after.engine.close()
  expect(after.clock.nextWake()).toBeNull()
})
