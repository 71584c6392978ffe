import { PROTOCOL_VERSION } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COORDINATES, type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from './coordinator-under-test.ts'
import { connectClient, frameOf, helloOf, newSecret, updateOf } from './frame-client.ts'

let coordinator: CoordinatorUnderTest

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
})
afterAll(() => coordinator?.stop())

const refusal = (code: string) => expect.objectContaining({ type: 'refusal', code })
const goodbye = { type: 'goodbye' }
const HUNG_UP = 'io server disconnect'

describe('the first message', () => {
  it('is hello: any other is refused with hello-required, and the coordinator hangs up', async () => {
    const client = await connectClient(coordinator.url)
    const answer = await client.send({ type: 'fetch-blob', hash: 'a'.repeat(64), offset: 0, length: 1 })
    expect(answer).toEqual(refusal('hello-required'))
    expect(await client.ended).toBe(HUNG_UP)
  })

  it('is refused with unauthorized for a wrong token, with the fix and without the token, and hangs up', async () => {
    const client = await connectClient(coordinator.url)
    const answer = await client.send(helloOf('mallory', { token: 'let-me-ln', secret: newSecret() }))
    expect(answer).toMatchObject({ type: 'refusal', code: 'unauthorized', retryable: false })
    expect(JSON.stringify(answer)).toContain('invitation')
    expect(JSON.stringify(answer)).not.toContain(TOKEN)
    expect(await client.ended).toBe(HUNG_UP)
    expect((await coordinator.api.workers()).map(({ clientId }) => clientId)).not.toContain('mallory')
  })

  it('is refused with unauthorized for a known client with another secret', async () => {
    const secret = newSecret()
    const first = await coordinator.admitted('owner', secret)
    const thief = await connectClient(coordinator.url)
    expect(await thief.send(helloOf('owner', { token: TOKEN, secret: newSecret() }))).toEqual(refusal('unauthorized'))
    expect(await thief.ended).toBe(HUNG_UP)
    expect(await first.send(goodbye)).toEqual({ type: 'accepted', duplicate: false })
    first.drop()
    await coordinator.admitted('owner', secret).then((again) => again.drop())
  })

  it.each([PROTOCOL_VERSION + 1, 99])(
    'is refused with unsupported-version for version %i, which names ours',
    async (protocol) => {
      const client = await connectClient(coordinator.url)
      const future = { ...helloOf('future', { token: TOKEN, secret: newSecret() }), protocol, quantum: true }
      const answer = await client.send(future)
      expect(answer).toMatchObject({
        code: 'unsupported-version',
        message: `protocol version ${protocol}, this side speaks ${PROTOCOL_VERSION}`,
        fix: 'Use the same release of the worker and of the coordinator.',
      })
      expect(await client.ended).toBe(HUNG_UP)
    },
  )

  it('may be sent twice, and is welcomed twice; another client on the same connection is refused', async () => {
    const secret = newSecret()
    const client = await coordinator.admitted('twice', secret)
    expect(await client.send(helloOf('twice', { token: TOKEN, secret }))).toMatchObject({ type: 'welcome' })
    const other = await client.send(helloOf('thrice', { token: TOKEN, secret }))
    expect(other).toMatchObject({ code: 'invalid-message', message: 'this connection belongs to the client twice' })
    client.drop()
  })

  it('counts as the first even when the next ones are sent before its answer', async () => {
    const client = await connectClient(coordinator.url)
    const [welcome, next] = await Promise.all([
      client.send(helloOf('eager', { token: TOKEN, secret: newSecret() })),
      client.send({ type: 'offer-blob', hash: 'e'.repeat(64), size: 1 }),
    ])
    expect([welcome.type, next.type]).toEqual(['welcome', 'wanted'])
    client.drop()
  })

  it('is answered with idle after the welcome when no run has work', async () => {
    const client = await coordinator.admitted('bored')
    expect((await client.told('idle')).message).toContain('no work now')
    client.drop()
  })
})

describe('a bad frame', () => {
  const good = frameOf(goodbye)
  const flipped = (at: number): Uint8Array => good.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
  const malformed: [string, readonly unknown[]][] = [
    ...[0, 1, 16, 31, good.length - 1].map((n): [string, unknown[]] => [`cut to ${n} bytes`, [good.slice(0, n)]]),
    ['with trailing bytes', [Uint8Array.of(...good, 0)]],
    ...[0, 6, 8, 14, 20, good.length - 1].map((at): [string, unknown[]] => [
      `with a bit flipped in byte ${at}`,
      [flipped(at)],
    ]),
    ['that is text', ['goodbye']],
    ['that is a JSON object', [{ ...goodbye }]],
    ['that is null', [null]],
    ['that is missing', []],
    ['followed by a second argument', [good, good]],
  ]

  it.each(malformed)('%s is answered with malformed-frame, and the connection survives', async (_what, content) => {
    const client = await coordinator.admitted('clumsy', 'the secret of a clumsy one')
    expect(await client.sendRaw(...content)).toMatchObject({ code: 'malformed-frame', retryable: true })
    expect(await client.send(goodbye)).toEqual({ type: 'accepted', duplicate: false })
    client.drop()
  })

  const invalid: [string, unknown, Uint8Array?][] = [
    ['of an unknown type', { type: 'bribe' }],
    ['of a type that only the coordinator sends', { type: 'idle', message: 'sit down' }],
    ['with an unknown field', { ...goodbye, wave: true }],
    ['without a field', { type: 'offer-blob', size: 1 }],
    ['with NaN as JSON writes it', { type: 'offer-blob', hash: 'a'.repeat(64), size: null }],
    ['with a hash in capitals', { type: 'offer-blob', hash: 'A'.repeat(64), size: 1 }],
    ['that is a list', [goodbye]],
    ['that is a number', 7],
    ['with a body where none belongs', goodbye, Uint8Array.of(1)],
    ['with a client id that is a path', { ...helloOf('x', { token: TOKEN, secret: newSecret() }), clientId: '../x' }],
  ]

  it.each(invalid)('%s is answered with invalid-message, and the connection survives', async (_what, header, body) => {
    const client = await coordinator.admitted('clumsy', 'the secret of a clumsy one')
    expect(await client.send(header, body)).toMatchObject({ code: 'invalid-message', retryable: false })
    expect(await client.send(goodbye)).toEqual({ type: 'accepted', duplicate: false })
    client.drop()
  })

  it('of another frame version is refused with unsupported-version, and the coordinator hangs up', async () => {
    const client = await coordinator.admitted('clumsy', 'the secret of a clumsy one')
    expect(await client.sendRaw(good.map((byte, at) => (at === 4 ? 1 : byte)))).toEqual(refusal('unsupported-version'))
    expect(await client.ended).toBe(HUNG_UP)
  })

  it('before hello is answered as well, and hello is still possible', async () => {
    const client = await connectClient(coordinator.url)
    expect(await client.sendRaw(good.slice(0, 20))).toEqual(refusal('malformed-frame'))
    expect(await client.send(helloOf('late', { token: TOKEN, secret: newSecret() }))).toMatchObject({ type: 'welcome' })
    client.drop()
  })
})

describe('connections of one client', () => {
  it('are one: the second takes the place of the first, which is told so and hung up', async () => {
    const secret = newSecret()
    const first = await coordinator.admitted('double', secret)
    const second = await coordinator.admitted('double', secret)
    expect(await first.told('refusal')).toMatchObject({ code: 'client-replaced', retryable: false })
    expect(await first.ended).toBe(HUNG_UP)
    expect(await second.send({ type: 'offer-blob', hash: 'a'.repeat(64), size: 1 })).toMatchObject({ type: 'wanted' })
    const worker = (await coordinator.api.workers()).find(({ clientId }) => clientId === 'double')
    expect(worker).toMatchObject({ connected: true })
    second.drop()
  })

  it('that come back are sent their open assignment again, and the round counts one update', async () => {
    const secret = newSecret()
    const runId = await coordinator.startRun({ total: 1, clients: 2 })
    const partner = await coordinator.admitted('partner')
    const before = await coordinator.admitted('comes-back', secret)
    const given = await before.told('assignment')
    before.drop()
    const after = await coordinator.admitted('comes-back', secret)
    const again = await after.told('assignment')
    expect(again).toEqual(given)
    expect(after.untaken()).toEqual([]) // no idle for who has work
    for (const [client, assignment] of [
      [after, again],
      [partner, await partner.told('assignment')],
    ] as const) {
      const { message, body } = updateOf(assignment, new Float32Array(COORDINATES).fill(2 ** -10))
      expect(await client.send(message, body)).toEqual({ type: 'accepted', duplicate: false })
    }
    await coordinator.phase(runId, 'finished')
    const [round] = await coordinator.api.rounds(runId)
    expect(round?.cohort.map(({ clientId, status, weight }) => [clientId, status, weight]).sort()).toEqual([
      ['comes-back', 'delivered', 10],
      ['partner', 'delivered', 10],
    ])
    after.drop()
    partner.drop()
  })
})
