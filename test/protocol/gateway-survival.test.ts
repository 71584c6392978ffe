import { CHUNK_BYTES, hashBytes, sliceChunk } from '@tessera/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { COORDINATES, type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from './coordinator-under-test.ts'
import { type FrameClient, helloOf, newSecret, updateOf } from './frame-client.ts'

let coordinator: CoordinatorUnderTest
const clients: FrameClient[] = []

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
})
afterAll(() => coordinator?.stop())
afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.drop()
    await client.ended
  }
  await expect.poll(async () => (await coordinator.api.workers()).filter(({ connected }) => connected)).toEqual([])
})

async function admitted(name: string, secret?: string): Promise<FrameClient> {
  const client = await coordinator.admitted(name, secret)
  clients.push(client)
  return client
}

const accepted = { type: 'accepted', duplicate: false }
const duplicate = { type: 'accepted', duplicate: true }
const goodbye = { type: 'goodbye' }
const filled = (value: number): Float32Array => new Float32Array(COORDINATES).fill(value)
const progressOf = ({ runId, round, assignmentId }: Parameters<typeof updateOf>[0]) => ({
  ...{ type: 'progress', runId, round, assignmentId, step: 1, steps: 2, loss: null },
})

async function delivered(runId: string): Promise<(readonly [string, number | null])[]> {
  const rounds = await coordinator.api.rounds(runId)
  const members = rounds.flatMap(({ cohort }) => cohort.filter(({ status }) => status === 'delivered'))
  return members.map(({ clientId, weight }) => [clientId, weight] as const).sort()
}

describe('a client with open work', () => {
  it('that says goodbye gives it back at once: it goes to the next client, and the first is too late', async () => {
    const pair = [await admitted('leaver'), await admitted('stayer')] as const
    const runId = await coordinator.startRun({ total: 1, clients: 1, attempts: 1 })
    const told = pair.map((client) => client.told('assignment'))
    const first = await Promise.race(told)
    const [asked, spare] = first.assignmentId.endsWith('leaver') ? [0, 1] : [1, 0]
    const [one, other] = [pair[asked]!, pair[spare]!]
    expect(await one.send(goodbye)).toEqual(accepted)
    const second = (await told[spare])!
    expect([second.round, second.assignmentId === first.assignmentId]).toEqual([1, false])
    const late = updateOf(first, filled(1))
    expect(await one.send(late.message, late.body)).toMatchObject({ type: 'refusal', code: 'round-over' })
    const good = updateOf(second, filled(2 ** -10))
    expect(await other.send(good.message, good.body)).toEqual(accepted)
    await coordinator.phase(runId, 'finished')
    expect(await delivered(runId)).toEqual([[['leaver', 'stayer'][spare], 10]])
  })

  it('is sent it once more when it says that it came damaged, and needs no deadline for that', async () => {
    const client = await admitted('noisy-line')
    await expect.poll(() => client.untaken()).toEqual(['idle'])
    client.missNext()
    const runId = await coordinator.startRun({ total: 1, clients: 1 })
    const { message, body } = updateOf(await client.told('assignment'), filled(2 ** -10))
    expect(await client.send(message, body)).toEqual(accepted)
    await coordinator.phase(runId, 'finished')
  })

  it('that says goodbye twice and hello again on the same connection is there again', async () => {
    const secret = newSecret()
    const client = await admitted('hesitant', secret)
    expect([await client.send(goodbye), await client.send(goodbye)]).toEqual([accepted, accepted])
    const isConnected = async () =>
      (await coordinator.api.workers()).find(({ clientId }) => clientId === 'hesitant')?.connected
    expect(await isConnected()).toBe(false)
    expect(await client.send(helloOf('hesitant', { token: TOKEN, secret }))).toMatchObject({ type: 'welcome' })
    expect(await isConnected()).toBe(true)
  })

  it('whose connection is lost keeps it: nobody else is asked, and it delivers when it is back', async () => {
    const secret = newSecret()
    const lost = await admitted('lost', secret)
    const runId = await coordinator.startRun({ total: 1, clients: 1, attempts: 1 })
    const given = await lost.told('assignment')
    lost.drop()
    const other = await admitted('other')
    await other.told('idle')
    const back = await admitted('lost', secret)
    expect(await back.told('assignment')).toEqual(given)
    const { message, body } = updateOf(given, filled(2 ** -10))
    expect(await back.send(message, body)).toEqual(accepted)
    await coordinator.phase(runId, 'finished')
    expect(await delivered(runId)).toEqual([['lost', 10]])
    expect(other.untaken()).toEqual([])
  })

  it('that says hello twice is welcomed twice and given the same work twice, which counts once', async () => {
    const secret = newSecret()
    const client = await admitted('polite', secret)
    const runId = await coordinator.startRun({ total: 1, clients: 1, attempts: 1 })
    const given = await client.told('assignment')
    expect(await client.send(helloOf('polite', { token: TOKEN, secret }))).toMatchObject({ type: 'welcome' })
    expect(await client.told('assignment')).toEqual(given)
    const { message, body } = updateOf(given, filled(2 ** -10))
    const answers = await Promise.all([client.send(message, body), client.send(message, body)])
    expect(answers).toEqual([accepted, duplicate])
    await coordinator.phase(runId, 'finished')
    expect(await client.send(message, body)).toEqual(duplicate) // very late
    expect(await delivered(runId)).toEqual([['polite', 10]])
    expect(await client.send(helloOf('someone', { token: TOKEN, secret }))).toMatchObject({ code: 'invalid-message' })
  })
})

describe('messages of two runs', () => {
  it('do not mix: an assignment of one is none of the other, and both finish', async () => {
    const client = await admitted('of-both')
    const runs = [
      await coordinator.startRun({ total: 1, clients: 1 }),
      await coordinator.startRun({ total: 1, clients: 1 }),
    ]
    const given = [await client.told('assignment'), await client.told('assignment')]
    const [first, second] = runs.map((runId) => given.find((assignment) => assignment.runId === runId)!)
    const { message, body } = updateOf(first!, filled(2 ** -10))
    const astray = { ...message, runId: runs[1] }
    expect(await client.send(astray, body)).toMatchObject({ code: 'unknown-assignment', retryable: false })
    expect(await client.send({ ...progressOf(first!), runId: runs[1] })).toMatchObject({ code: 'round-over' })
    for (const own of [second!, first!]) {
      const update = updateOf(own, filled(2 ** -10))
      expect(await client.send(update.message, update.body)).toEqual(accepted)
    }
    for (const runId of runs) await coordinator.phase(runId, 'finished')
  })
})

describe('a flood', () => {
  it('of 1000 messages at once is answered to the last, most with overloaded, and the connection goes on', async () => {
    const client = await admitted('flooder')
    const offer = { type: 'offer-blob', hash: 'f'.repeat(64), size: CHUNK_BYTES }
    const answers = await Promise.all(Array.from({ length: 1000 }, () => client.send(offer)))
    const wanted = answers.filter(({ type }) => type === 'wanted')
    const refused = answers.filter((answer) => answer.type === 'refusal' && answer.code === 'overloaded')
    expect(wanted.length).toBeGreaterThanOrEqual(32)
    expect(refused.length).toBe(1000 - wanted.length)
    expect(refused[0]).toMatchObject({ retryable: true, fix: 'Wait for answers before sending more.' })
    expect(await client.send(offer)).toMatchObject({ type: 'wanted' })
  })
})

describe('an update of which chunks never come', () => {
  it('holds no round up: it closes over the others at its soft deadline, and the rest of the update is too late', async () => {
    const [slow, quick] = [await admitted('slow'), await admitted('quick')]
    const rounds = { total: 1, cohort: { size: 2, quorum: 1 }, deadline: { softMs: 1500, hardMs: 60_000 } }
    const runId = await coordinator.startRun({ total: 1, clients: 2 }, { rounds })
    const [ofSlow, ofQuick] = [await slow.told('assignment'), await quick.told('assignment')]
    const { message, body } = updateOf(ofSlow, filled(1))
    const blob = Uint8Array.from({ length: CHUNK_BYTES + body.length }, (_, at) => body[at - CHUNK_BYTES] ?? at % 251)
    const hash = hashBytes(blob)
    const chunk = { type: 'store-chunk', hash, size: blob.length }
    expect(await slow.send({ ...chunk, index: 0 }, sliceChunk(blob, 0))).toMatchObject({ complete: false })
    const asBlob = { ...message, blob: hash }
    expect(await slow.send(asBlob)).toMatchObject({ code: 'blob-incomplete', retryable: true })

    const good = updateOf(ofQuick, filled(2 ** -10))
    expect(await quick.send(good.message, good.body)).toEqual(accepted)
    await coordinator.phase(runId, 'finished')
    expect(await slow.told('cancel')).toMatchObject({ assignmentId: ofSlow.assignmentId })
    expect(await delivered(runId)).toEqual([['quick', 10]])
    expect(await slow.send(asBlob)).toMatchObject({ code: 'round-over', retryable: false })
    expect(await slow.send({ ...chunk, index: 1 }, sliceChunk(blob, 1))).toMatchObject({ type: 'stored' })
    expect(await slow.send(asBlob)).toMatchObject({ code: 'round-over', retryable: false })
  })
})
