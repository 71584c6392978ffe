import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeFrame } from '@tessera/protocol'
import { Server } from 'socket.io'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../apps/cli/src/drill/fault-proxy.ts'
import { seededRandom } from '../../apps/cli/src/drill/seeded-random.ts'

const ALWAYS = 1
const HOST = '127.0.0.1'

let http: HttpServer
let server: Server
let upstream: string
let proxy: FaultProxy
let client: Socket
/** What reached the server, in order: the numbers that the test sent. */
let arrived: Uint8Array[]

/** Sixty-four bytes, all of them n. */
const block = (n: number): Uint8Array => new Uint8Array(64).fill(n)
const firstBytes = (): number[] => arrived.map(([first]) => first)

beforeEach(async () => {
  arrived = []
  http = createServer()
  server = new Server(http)
  server.of('/worker').on('connection', (socket) => {
    socket.on('frame', (bytes: Uint8Array, acknowledge?: (answer: Uint8Array) => void) => {
      arrived.push(bytes)
      acknowledge?.(encodeFrame({ message: { type: 'accepted', duplicate: arrived.length > 1 } }))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, HOST, resolve))
  upstream = `http://${HOST}:${(http.address() as AddressInfo).port}`
  proxy = await startFaultProxy({ upstream, host: HOST, random: seededRandom('proxy test') })
  client = io(`${proxy.url}/worker`, { transports: ['websocket'], reconnectionDelay: 20, reconnectionDelayMax: 50 })
  await connected()
})

afterEach(async () => {
  client.close()
  await proxy.close()
  await server.close()
})

const connected = (): Promise<void> => vi.waitFor(() => expect(client.connected).toBe(true), { interval: 5 })
const haveArrived = (count: number): Promise<void> =>
  vi.waitFor(() => expect(arrived.length).toBe(count), { interval: 5, timeout: 10_000 })

describe('a socket.io client and server with the proxy between them', () => {
  it('hear each other, answers included, as if it were not there', async () => {
    await client.emitWithAck('frame', block(1))
    await client.emitWithAck('frame', block(2))
    expect(arrived.map((bytes) => Uint8Array.from(bytes))).toEqual([block(1), block(2)])
    expect(proxy.counts()).toMatchObject({ connections: 1, delayed: 0, damaged: 0, repeated: 0, swapped: 0, cut: 0 })
    expect(proxy.counts().duplicatesRefused).toBe(1) // the second answer says so
  })

  it('are overtaken by whoever goes directly when there is a delay, and stay in order themselves', async () => {
    const direct = io(`${upstream}/worker`, { transports: ['websocket'] })
    await vi.waitFor(() => expect(direct.connected).toBe(true), { interval: 5 })
    proxy.set({ kind: 'latency', delayMs: 200, jitterMs: 150 })
    for (let n = 1; n <= 8; n++) client.emit('frame', block(n))
    await direct.emitWithAck('frame', block(99))
    await client.emitWithAck('frame', block(9))
    direct.close()
    expect(firstBytes()).toEqual([99, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(proxy.counts().delayed).toBe(10) // nine messages and the one answer
  })

  it('are cut, can not connect while they are apart, and find each other again afterwards', async () => {
    proxy.set({ kind: 'partition' })
    await vi.waitFor(() => expect(client.connected).toBe(false), { interval: 5 })
    await vi.waitFor(() => expect(proxy.counts().refused).toBeGreaterThan(1), { interval: 5 })
    expect(proxy.counts()).toMatchObject({ cut: 1, connections: 1 })
    proxy.set(null)
    await connected()
    await client.emitWithAck('frame', block(3))
    expect(firstBytes()).toEqual([3])
  })

  it('get a message twice with its attachment, and the client hears one answer', async () => {
    proxy.set({ kind: 'dup', share: ALWAYS })
    const answers = vi.fn()
    client.emit('frame', block(4), answers)
    await haveArrived(2)
    await client.emitWithAck('frame', block(5))
    expect(firstBytes().slice(0, 3)).toEqual([4, 4, 5])
    expect(answers).toHaveBeenCalledTimes(1)
  })

  it('get neighbouring messages in the other order', async () => {
    proxy.set({ kind: 'reorder', share: ALWAYS })
    for (let n = 1; n <= 4; n++) client.emit('frame', block(n))
    await haveArrived(4)
    expect(firstBytes()).toEqual([2, 1, 4, 3])
    expect(proxy.counts().swapped).toBe(2)
  })

  it('get a message that has no next one all the same', async () => {
    proxy.set({ kind: 'reorder', share: ALWAYS })
    client.emit('frame', block(7))
    await haveArrived(1)
    expect(proxy.counts().swapped).toBe(0)
  })

  it('get a message with exactly one bit of another value', async () => {
    proxy.set({ kind: 'corrupt', share: ALWAYS })
    client.emit('frame', block(0))
    await haveArrived(1)
    const bits = Array.from(arrived[0]).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
    expect([arrived[0].length, bits]).toEqual([64, 1])
    expect(proxy.counts().damaged).toBe(1)
  })

  it('are refused while the coordinator is not there, like without a proxy', async () => {
    await server.close()
    await vi.waitFor(() => expect(client.connected).toBe(false), { interval: 5 })
    const refusals = vi.fn()
    client.on('connect_error', refusals)
    await vi.waitFor(() => expect(refusals).toHaveBeenCalled(), { interval: 5, timeout: 10_000 })
    expect(client.connected).toBe(false)
  })
})
