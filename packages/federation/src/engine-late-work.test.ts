import {
  type AssignmentMessage,
  coordinatesByHand,
  createFederation,
  examplesOf,
  FEDERATION_CLIENTS,
  knownUpdate,
} from '@tessera/testing'
import { type ClientId, clientId } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'

const ALL = FEDERATION_CLIENTS
const [a, b, c] = ALL
const deadline = { softMs: 1000, hardMs: 5000 }

/** A federation in round 1 whose test holds the work that was sent, by client, until it delivers it. */
async function atWork(spec: Parameters<typeof createFederation>[0], store = createMemoryStore()) {
  const federation = createFederation(spec, { store })
  await federation.engine.createRun(federation.record)
  await federation.join()
  const hands = new Map<ClientId, AssignmentMessage>()
  const take = () => {
    for (const { clientId: client, message } of federation.transport.takeAssignments()) hands.set(client, message)
    return hands
  }
  const deliver = (client: ClientId) => {
    const message = take().get(client)!
    return federation.send(client, message, knownUpdate(client, message.round))
  }
  /** These clients deliver one after the other, and the coordinator does its part. */
  const deliverAll = async (...clients: ClientId[]) => {
    for (const client of clients) expect(await deliver(client)).toEqual({ ok: true, value: { duplicate: false } })
    await federation.rest()
  }
  return { ...federation, take, deliver, deliverAll }
}

/** θ + Σ wᵢ uᵢ / Σ wᵢ, the mean and the sum each rounded to float32 once. */
function step(
  theta: Float32Array,
  parts: readonly { client: ClientId; round: number; factor: number }[],
): Float32Array {
  const weights = parts.map(({ client, factor }) => examplesOf(client) * factor)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return theta.map((value, at) => {
    const sum = parts.reduce((s, { client, round }, i) => s + weights[i]! * knownUpdate(client, round)[at]!, 0)
    return value + Math.fround(sum / total)
  })
}
const START = coordinatesByHand([])

describe('a buffered run', () => {
  const mode = { kind: 'buffered', bufferSize: 2, staleness: 'inverse-sqrt', maxStaleness: 2 } as const

  it('adds the means of its buffers, updates 0, 1 and 2 versions old with factors 256, 181 and 148', async () => {
    const run = await atWork({ mode, quorum: 1, total: 4, deadline })
    await run.deliverAll(a, b) // version 1; c goes on with its work of round 1
    await run.deliverAll(a, b) // version 2
    await run.deliverAll(c, a) // version 3, of c's work of round 1; b goes on with its work of round 3
    await run.deliverAll(b, c) // version 4, of b's work of round 3
    expect(run.stateOf()).toMatchObject({ phase: 'finished', round: 4 })
    const fresh = (client: ClientId, round: number) => ({ client, round, factor: 256 })
    const versions = [
      [fresh(a, 1), fresh(b, 1)],
      [fresh(a, 2), fresh(b, 2)],
      [{ client: c, round: 1, factor: 148 }, fresh(a, 3)],
      [{ client: b, round: 3, factor: 181 }, fresh(c, 4)],
    ]
    expect(await run.coordinates()).toEqual(versions.reduce(step, START))
  })

  it('ends with the same bytes when a restart comes before every delivery', async () => {
    const calm = await atWork({ mode, quorum: 1, total: 3, deadline })
    for (const clients of [
      [a, b],
      [a, b],
      [c, a],
    ] as const)
      await calm.deliverAll(...clients)
    const store = createMemoryStore()
    const before = await atWork({ mode, quorum: 1, total: 3, deadline }, store)
    await before.engine.close()
    for (const client of [a, b, a, b, c, a]) {
      const life = createFederation({ mode, quorum: 1, total: 3, deadline }, { store })
      await life.engine.restore()
      await life.join()
      const { message } = life.transport.takeAssignments().findLast((sent) => sent.clientId === client)!
      expect((await life.send(client, message, knownUpdate(client, message.round))).ok).toBe(true)
      await life.rest()
      await life.engine.close()
    }
    const [{ state }] = await store.loadRuns()
    expect(state).toMatchObject({ phase: 'finished', coordinates: calm.stateOf().coordinates })
  })

  it('lets an update that comes while its round is closed wait for the next one', async () => {
    const run = await atWork({ mode, quorum: 1, total: 2, deadline })
    const answers = await Promise.all([run.deliver(a), run.deliver(b), run.deliver(c)])
    expect(answers.map((answer) => answer.ok && answer.value.duplicate)).toEqual([false, false, false])
    expect(run.stateOf()).toMatchObject({ phase: 'training', round: 1, stage: { index: 2 } })
    await run.deliverAll(a)
    const second = [
      { client: c, round: 1, factor: 181 },
      { client: a, round: 2, factor: 256 },
    ]
    expect(await run.coordinates()).toEqual(step(coordinatesByHand([[a, b]]), second))
  })

  it('asks a client whose update comes while the run is paused with a closed round to try again', async () => {
    const run = await atWork({ mode, quorum: 1, total: 2, deadline })
    const paused = { type: 'paused', cause: 'asked', reason: 'asked to' } as const
    const [, , , late] = await Promise.all([
      run.deliver(a),
      run.deliver(b),
      run.engine.steer(run.record.runId, paused),
      run.deliver(c),
    ])
    expect(late.ok ? 'ok' : [late.error.code, late.error.retryable]).toEqual(['round-closing', true])
    await run.engine.steer(run.record.runId, { type: 'resumed' })
    await run.rest()
    expect((await run.deliver(c)).ok).toBe(true)
  })
})

describe('late updates of a synchronous run', () => {
  const late = { total: 2, deadline, mode: { kind: 'sync', onLate: 'next-round' } } as const

  it('count in the next round, with their examples', async () => {
    const run = await atWork(late)
    await run.deliverAll(a, b)
    run.clock.advanceTo(1000)
    await run.observer.until(({ round }) => round === 1)
    expect(run.transport.takeCancellations()).toEqual([])
    await run.deliverAll(c, a, b)
    expect(run.stateOf().phase).toBe('finished')
    const second = [c, a, b].map((client) => ({ client, round: client === c ? 1 : 2, factor: 1 }))
    expect(await run.coordinates()).toEqual(step(coordinatesByHand([[a, b]]), second))
  })

  it('are refused where they are discarded', async () => {
    const run = await atWork({ ...late, mode: { kind: 'sync', onLate: 'discard' } })
    await run.deliverAll(a, b)
    const held = run.take().get(c)!
    run.clock.advanceTo(1000)
    await run.observer.until(({ round }) => round === 1)
    expect(run.transport.takeCancellations().map(({ clientId: client }) => client)).toEqual([c])
    const answer = await run.send(c, held, knownUpdate(c, 1))
    expect(answer.ok ? 'ok' : answer.error.code).toBe('round-over')
  })
})

it('a synchronous run ends with the same bytes however its updates are shuffled, repeated and delayed', async () => {
  const calm = await atWork({})
  for (const _ of [1, 2, 3]) await calm.deliverAll(a, b, c)
  const orders = fc.array(fc.shuffledSubarray(['a', 'b', 'c', 'a', 'b'], { minLength: 5 }), {
    minLength: 3,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(orders, async (rounds) => {
      const run = await atWork({})
      const held: Promise<unknown>[] = []
      for (const order of rounds) {
        const messages = new Map(run.take())
        const send = (name: string) =>
          run.send(
            clientId(name),
            messages.get(clientId(name))!,
            knownUpdate(name, messages.get(clientId(name))!.round),
          )
        held.push(...order.map(send))
        await Promise.all(held)
        await run.rest()
        held.push(send(order[0]!)) // once more when the round is over
      }
      await Promise.all(held)
      expect(run.stateOf()).toMatchObject({ phase: 'finished', coordinates: calm.stateOf().coordinates })
    }),
    { numRuns: 40 },
  )
})
