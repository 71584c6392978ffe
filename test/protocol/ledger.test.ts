import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Executor, openExecutor } from '@tessera/compiler'
import { type ByteKind, hashBytes, type LedgerView, sliceChunk } from '@tessera/protocol'
import type { Worker, WorkerReport } from '@tessera/worker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startProxy, type TcpProxy } from '../services/tcp-proxy.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { COORDINATES, type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from './coordinator-under-test.ts'
import { frameOf, updateOf } from './frame-client.ts'
import { startAda } from './worker-under-test.ts'

let coordinator: CoordinatorUnderTest
let executor: Executor
let folder: string
/** The run that a worker finishes in the first test. */
let finished: string

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
  folder = await temporaryFolder('ledger')
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await executor?.dispose()
  await coordinator?.stop()
  await rm(folder, { recursive: true, force: true })
})

const of = ({ total }: LedgerView) => ({ up: total.uploadBytes, down: total.downloadBytes })

/** Of a kind, both ways. */
function ofKind(ledgers: readonly LedgerView[], kind: ByteKind) {
  const rows = ledgers.flatMap(({ entries }) => entries.filter((entry) => entry.kind === kind))
  const sum = (key: 'uploadBytes' | 'downloadBytes') => rows.reduce((total, row) => total + row[key], 0)
  return { up: sum('uploadBytes'), down: sum('downloadBytes') }
}

describe('the ledger', () => {
  it('adds up to every byte that a proxy between the coordinator and a worker sees, and the worker agrees', async () => {
    const proxy = await startProxy(coordinator.url)
    const { worker, reports } = await workerThrough(proxy)
    const id = await coordinator.startRun(
      { total: 2, clients: 1 },
      { data: { maxLength: 64 }, train: { localSteps: 2, batchSize: 2 } },
    )
    await coordinator.phase(id, 'finished')
    finished = id
    await expect.poll(() => missing(id, proxy), { timeout: 60_000 }).toEqual({ up: 0, down: 0 })
    await worker.stop()
    await expect.poll(() => missing(id, proxy), { timeout: 60_000 }).toEqual({ up: 0, down: 0 })

    const ledgers = [await coordinator.api.ledger(id, ['kind']), await coordinator.api.ledger(null, ['kind'])]
    const last = reports.at(-1) as WorkerReport & { type: 'moved' }
    for (const kind of ['model', 'factors', 'coordinates', 'update', 'retry'] as const) {
      expect([kind, last.bytes[kind] ?? { up: 0, down: 0 }]).toEqual([kind, ofKind(ledgers, kind)])
    }
    // Around its frames the worker sees nothing: the ledger's control is larger by that, and in both directions.
    const [own, all] = [last.bytes.control!, ofKind(ledgers, 'control')]
    expect([all.up > own.up, all.down > own.down]).toEqual([true, true])
    expect(ofKind(ledgers, 'model').down).toBeGreaterThan(1_000_000)
    expect(ofKind(ledgers, 'retry')).toEqual({ up: 0, down: 0 })
    await proxy.close()
  })

  /** What the proxy has seen and the ledger has not. */
  async function missing(id: string, proxy: TcpProxy) {
    const { up, down } = proxy.moved()
    const [run, none] = [of(await coordinator.api.ledger(id, [])), of(await coordinator.api.ledger(null, []))]
    return { up: up - run.up - none.up, down: down - run.down - none.down }
  }

  async function workerThrough(proxy: TcpProxy): Promise<{ worker: Worker; reports: WorkerReport[] }> {
    const folders = { cacheFolder: join(folder, 'blobs'), stateFolder: join(folder, 'state') }
    const { worker, reports } = await startAda({ url: proxy.url, token: TOKEN, executor, ...folders })
    await vi.waitFor(() => expect(reports.map(({ type }) => type)).toContain('connected'), { timeout: 60_000 })
    return { worker, reports }
  }

  it('stands beside its floors: 4 bytes for each of 64 coordinates, up in every round, down after the first', async () => {
    const { progress, entries, total } = await coordinator.api.ledger(finished, ['round', 'kind'])
    expect(progress).toEqual({ phase: 'finished', round: 2, rounds: 2, ended: true })
    const floors = (kind: ByteKind, key: 'uploadFloorBytes' | 'downloadFloorBytes') =>
      entries.filter((entry) => entry.kind === kind).map((entry) => [entry.round, entry[key]])
    expect(floors('update', 'uploadFloorBytes')).toEqual([1, 2].map((round) => [round, 4 * COORDINATES]))
    expect(floors('coordinates', 'downloadFloorBytes')).toEqual([1, 2].map((round) => [round, (round - 1) * 256]))
    expect([total.uploadFloorBytes, total.downloadFloorBytes]).toEqual([512, 256])
    expect(ofKind([{ entries } as LedgerView], 'update').up).toBeGreaterThan(512)
  })

  it('goes on after a restart of the coordinator where it was', async () => {
    const before = await coordinator.api.ledger(finished, ['client', 'round', 'kind'])
    await coordinator.restart()
    expect(await coordinator.api.ledger(finished, ['client', 'round', 'kind'])).toEqual(before)
  })

  it('counts what is sent again as retry, and is there while the run goes on', async () => {
    const client = await coordinator.admitted('again')
    const id = await coordinator.startRun({ total: 3, clients: 1 })
    const { message, body } = updateOf(await client.told('assignment'), new Float32Array(COORDINATES).fill(2 ** -10))
    const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251)
    const chunk = { type: 'store-chunk', hash: hashBytes(bytes), size: bytes.length, index: 0 }
    const retried = async () => ofKind([await coordinator.api.ledger(id, ['kind'])], 'retry').up
    await client.send(chunk, sliceChunk(bytes, 0))
    expect(await retried()).toBe(0)
    await client.send(chunk, sliceChunk(bytes, 0))
    expect(await retried()).toBe(frameOf(chunk, sliceChunk(bytes, 0)).length)
    await client.send(message, body)
    await client.send(message, body)
    const { progress, total } = await coordinator.api.ledger(id, [])
    expect(await retried()).toBe(frameOf(chunk, sliceChunk(bytes, 0)).length + frameOf(message, body).length)
    expect(progress).toMatchObject({ rounds: 3, ended: false })
    expect(total.uploadFloorBytes).toBe(4 * COORDINATES)
    client.drop()
  })

  it('of a run that is not there is refused, and so is a split by what it does not know', async () => {
    await expect(coordinator.api.ledger('nowhere', [])).rejects.toMatchObject({ code: 'unknown-run' })
    await expect(coordinator.api.ledger(null, ['weekday' as 'kind'])).rejects.toMatchObject({ code: 'invalid-message' })
  })
})
