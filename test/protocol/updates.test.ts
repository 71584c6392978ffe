import { hashBytes, type MessageOf } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COORDINATES, type CoordinatorUnderTest, coordinatorUnderTest } from './coordinator-under-test.ts'
import { type FrameClient, updateOf } from './frame-client.ts'

let coordinator: CoordinatorUnderTest

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
})
afterAll(() => coordinator?.stop())

const accepted = { type: 'accepted', duplicate: false }
const duplicate = { type: 'accepted', duplicate: true }
/** A number that every grid can hold, so that means are exact. */
const STEP = 2 ** -10
const filled = (value: number): Float32Array => new Float32Array(COORDINATES).fill(value)
const withOne = (value: number): Float32Array => filled(STEP).map((old, at) => (at === 7 ? value : old))
type Update = ReturnType<typeof updateOf>

/** Coordinates after the one round of a run in which one client sent `filled(STEP)`. */
async function finishedHash(runId: string): Promise<string> {
  await coordinator.phase(runId, 'finished')
  const [round] = await coordinator.api.rounds(runId)
  return round!.coordinatesHash!
}

async function statuses(runId: string): Promise<string[]> {
  const rounds = await coordinator.api.rounds(runId)
  return rounds.map(({ cohort }) => cohort.map(({ clientId, status }) => `${clientId} ${status}`).join(', '))
}

describe('a bad update', () => {
  let undisturbed: string
  let client: FrameClient

  beforeAll(async () => {
    client = await coordinator.admitted('alone')
    const runId = await coordinator.startRun({ total: 1, clients: 1 })
    const { message, body } = updateOf(await client.told('assignment'), filled(STEP))
    expect(await client.send(message, body)).toEqual(accepted)
    undisturbed = await finishedHash(runId)
  })
  afterAll(() => client?.drop())

  const short = filled(STEP).slice(1)
  const relabelled = (change: Partial<MessageOf<'update'>>) => (good: Update) => ({
    ...good,
    message: { ...good.message, ...change },
  })
  const valued = (values: Float32Array) => (_good: Update, given: Parameters<typeof updateOf>[0]) =>
    updateOf(given, values)
  type BadUpdate = (good: Update, given: Parameters<typeof updateOf>[0]) => Update
  const refused: [string, string, string, BadUpdate][] = [
    ['of a foreign length', 'shape-mismatch', '64 coordinates, not 63', valued(short)],
    ['whose bytes are too few for its length', 'corrupt-update', '', (good) => ({ ...good, body: good.body.slice(4) })],
    ['of another codec', 'unknown-codec', 'float32, not float16', relabelled({ codec: 'float16' })],
    ['of a codec that nobody knows', 'unknown-codec', 'not brotli', relabelled({ codec: 'brotli' })],
    [
      'that weighs more than its client',
      'invalid-message',
      "11 is more than the client's 10",
      relabelled({ weight: 11 }),
    ],
    ['with NaN', 'not-finite', '', valued(withOne(Number.NaN))],
    ['with an infinity', 'not-finite', '', valued(withOne(Number.NEGATIVE_INFINITY))],
    ['beyond what the optimizer can do', 'grid-overflow', '', valued(withOne(1e30))],
  ]

  it.each(refused)(
    '%s is refused with %s, its place is given again, and the run ends as if it had never come',
    async (...[, code, message, spoil]) => {
      const runId = await coordinator.startRun({ total: 1, clients: 1 })
      const given = await client.told('assignment')
      const bad = spoil(updateOf(given, filled(STEP)), given)
      const answer = await client.send(bad.message, bad.body)
      expect(answer).toMatchObject({ type: 'refusal', code, message: expect.stringContaining(message) })
      const again = await client.told('assignment')
      expect(again.assignmentId).toBe(given.assignmentId)
      const good = updateOf(again, filled(STEP))
      expect(await client.send(good.message, good.body)).toEqual(accepted)
      expect(await finishedHash(runId)).toBe(undisturbed)
      expect(await statuses(runId)).toEqual(['alone delivered'])
    },
  )

  const unread: [string, string, BadUpdate][] = [
    ['that weighs nothing', 'invalid-message', relabelled({ weight: 0 })],
    ['without a body', 'invalid-message', (good) => ({ ...good, body: new Uint8Array(0) })],
    ['for another round than its assignment is of', 'invalid-message', relabelled({ round: 2 })],
    [
      'whose blob was not uploaded',
      'blob-incomplete',
      (good) => ({
        message: { ...good.message, blob: hashBytes(Uint8Array.of(2)) },
        body: new Uint8Array(0),
      }),
    ],
    [
      'of a run that there is not',
      'unknown-run',
      (good) => ({ ...good, message: { ...good.message, runId: 'no-such-run' as never } }),
    ],
  ]

  it('that says nothing of its assignment leaves it open: five kinds, and then the good one', async () => {
    const runId = await coordinator.startRun({ total: 1, clients: 1, attempts: 1 })
    const given = await client.told('assignment')
    const good = updateOf(given, filled(STEP))
    for (const [what, code, spoil] of unread) {
      const { message, body } = spoil(good, given)
      expect(await client.send(message, body), what).toMatchObject({ type: 'refusal', code })
    }
    expect(await statuses(runId)).toEqual(['alone assigned'])
    expect(await client.send(good.message, good.body)).toEqual(accepted)
    expect(await finishedHash(runId)).toBe(undisturbed)
  })

  it('in every attempt pauses the run with a reason; resumed, it goes on and ends the same', async () => {
    const runId = await coordinator.startRun({ total: 1, clients: 1, attempts: 2 })
    for (const attempt of [1, 2]) {
      const { message, body } = updateOf(await client.told('assignment'), withOne(Number.NaN))
      expect(await client.send(message, body), `attempt ${attempt}`).toMatchObject({ code: 'not-finite' })
    }
    await coordinator.phase(runId, 'paused')
    expect((await coordinator.api.run(runId)).message).toContain('round 1 got 0 updates where 1 make a quorum')
    await coordinator.api.steer(runId, 'resume')
    const { message, body } = updateOf(await client.told('assignment'), filled(STEP))
    expect(await client.send(message, body)).toEqual(accepted)
    expect(await finishedHash(runId)).toBe(undisturbed)
  })
})

describe('two clients in two rounds', () => {
  let runId: string
  const clients: Record<string, FrameClient> = {}

  beforeAll(async () => {
    for (const name of ['ada', 'bob']) clients[name] = await coordinator.admitted(name)
    runId = await coordinator.startRun({ total: 2, clients: 2 })
  })
  afterAll(() => {
    for (const client of Object.values(clients)) client.drop()
  })

  it('are answered as section 6 of the protocol says, and each update is counted once', async () => {
    const { ada, bob } = clients as Record<'ada' | 'bob', FrameClient>
    const first = { ada: await ada.told('assignment'), bob: await bob.told('assignment') }
    const ofAda = updateOf(first.ada, filled(STEP))
    const ofBob = updateOf(first.bob, filled(3 * STEP))
    const other = updateOf(first.ada, filled(5 * STEP))

    expect(await bob.send({ ...other.message }, other.body)).toMatchObject({ code: 'unknown-assignment' })
    expect(await ada.send(ofAda.message, ofAda.body)).toEqual(accepted)
    expect(await ada.send(ofAda.message, ofAda.body)).toEqual(duplicate)
    expect(await ada.send(other.message, other.body)).toMatchObject({ code: 'duplicate-update', retryable: false })
    expect(await statuses(runId)).toEqual(['ada delivered, bob assigned'])

    expect(await bob.send(ofBob.message, ofBob.body)).toEqual(accepted)
    const second = { ada: await ada.told('assignment'), bob: await bob.told('assignment') }
    expect([second.ada.round, second.bob.round]).toEqual([2, 2])
    expect(await bob.send(ofBob.message, ofBob.body)).toEqual(duplicate)
    expect(await ada.send(other.message, other.body)).toMatchObject({ code: 'round-over', retryable: false })

    // Weights are equal: the mean of 1 and 3 steps is 2 steps, whatever was sent twice.
    const [before, after] = await Promise.all([coordinatesOf(first.ada), coordinatesOf(second.ada)])
    expect(Array.from(after, (value, at) => value - before[at]!)).toEqual(
      Array.from(before, (value) => Math.fround(value + 2 * STEP) - value),
    )
  })

  it('show their progress, and are told when it is not theirs or too late', async () => {
    const { ada, bob } = clients as Record<'ada' | 'bob', FrameClient>
    const [, round] = await coordinator.api.rounds(runId)
    const idOf = (name: string) => round!.cohort.find(({ clientId }) => clientId === name)!.assignmentId
    const progress = { type: 'progress', runId, round: 2, assignmentId: idOf('ada'), step: 3, steps: 8, loss: 1.5 }
    expect(await ada.send(progress)).toEqual(accepted)
    expect(await bob.send(progress)).toMatchObject({ code: 'unknown-assignment' })
    expect(await ada.send({ ...progress, round: 1 })).toMatchObject({ code: 'invalid-message' })
    expect(await ada.send({ ...progress, runId: 'no-such-run' })).toMatchObject({ code: 'unknown-run' })
    expect(await ada.send({ ...progress, assignmentId: `${idOf('ada')}x` })).toMatchObject({ code: 'round-over' })
    const [, live] = await coordinator.api.rounds(runId)
    const shown = live!.cohort.map(({ clientId, status, step, steps, loss }) => [clientId, status, step, steps, loss])
    expect(shown.sort()).toEqual([
      ['ada', 'training', 3, 8, 1.5],
      ['bob', 'assigned', 0, 0, null],
    ])
  })

  it('may decline: the second time is a duplicate, and the place is given again when the other has delivered', async () => {
    const { ada, bob } = clients as Record<'ada' | 'bob', FrameClient>
    const [, round] = await coordinator.api.rounds(runId)
    const [ofAda, ofBob] = ['ada', 'bob'].map((name) => ({
      runId,
      round: 2,
      assignmentId: round!.cohort.find(({ clientId }) => clientId === name)!.assignmentId,
    })) as [Parameters<typeof updateOf>[0], Parameters<typeof updateOf>[0]]
    const decline = { ...ofAda, type: 'decline', code: 'not-finite', message: 'the loss became NaN' }
    expect(await bob.send(decline)).toMatchObject({ code: 'unknown-assignment' })
    expect(await ada.send(decline)).toEqual(accepted)
    expect(await ada.send(decline)).toEqual(duplicate)
    expect(await statuses(runId)).toEqual(['ada delivered, bob delivered', 'ada declined, bob assigned'])
    const last = updateOf(ofBob, filled(STEP))
    expect(await bob.send(last.message, last.body)).toEqual(accepted)
    const again = await ada.told('assignment')
    expect(again).toMatchObject(ofAda)
    const good = updateOf(again, filled(STEP))
    expect(await ada.send(good.message, good.body)).toEqual(accepted)
    await coordinator.phase(runId, 'finished')
    expect(await statuses(runId)).toEqual(['ada delivered, bob delivered', 'ada delivered, bob delivered'])
    const late = updateOf(again, filled(STEP * 7))
    expect(await ada.send(late.message, late.body)).toMatchObject({ code: 'round-over' })
    expect(await ada.send(good.message, good.body)).toEqual(duplicate)
  })

  it('are told to stop when the run is aborted, and what they send then is refused with round-over', async () => {
    const { ada, bob } = clients as Record<'ada' | 'bob', FrameClient>
    const aborted = await coordinator.startRun({ total: 1, clients: 2 })
    const given = await ada.told('assignment')
    await coordinator.api.steer(aborted, 'abort')
    expect(await ada.told('cancel')).toMatchObject({ runId: aborted, round: 1, assignmentId: given.assignmentId })
    expect(await bob.told('cancel')).toMatchObject({ runId: aborted, reason: 'aborted by hand' })
    const { message, body } = updateOf(given, filled(STEP))
    expect(await ada.send(message, body)).toMatchObject({ code: 'round-over' })
    expect((await coordinator.api.run(aborted)).phase).toBe('abandoned')
  })
})

async function coordinatesOf({ coordinates }: { coordinates: string | null }): Promise<Float32Array> {
  const bytes = await coordinator.api.blob(coordinates as never)
  return new Float32Array(bytes.buffer, bytes.byteOffset, COORDINATES)
}
