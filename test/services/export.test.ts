import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { hashBytes } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { exportRun } from '../../apps/cli/src/export-run.ts'
import { openRunModel } from '../../apps/cli/src/run-model.ts'
import {
  COORDINATES,
  type CoordinatorUnderTest,
  coordinatorUnderTest,
  MODEL,
} from '../protocol/coordinator-under-test.ts'
import { updateOf } from '../protocol/frame-client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import { bundledRows, endAll, startTessera } from './tessera-process.ts'

let folder: string
let coordinator: CoordinatorUnderTest
/** A run of one round that has finished. */
let finished: string

const inFolder = (...names: string[]): string => join(folder, ...names)
const error = (code: string, message = '') => ({
  error: expect.objectContaining({ code, message: expect.stringContaining(message) }),
})

beforeAll(async () => {
  folder = await temporaryFolder('export')
  coordinator = await coordinatorUnderTest()
  const client = await coordinator.admitted('only')
  finished = await coordinator.startRun({ total: 1, clients: 1 })
  const { message, body } = updateOf(await client.told('assignment'), new Float32Array(COORDINATES).fill(2 ** -10))
  await client.send(message, body)
  await coordinator.phase(finished, 'finished')
  client.drop()
})

afterAll(async () => {
  await endAll()
  await coordinator?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** `tessera export` that fails: its exit status, its one document, and what people read. */
async function refused(run: string, out: string): Promise<{ exit: number; document: unknown; said: string }> {
  const { exit, documents, said } = await tessera('--server', coordinator.url, 'export', run, '--out', out)
  expect(documents).toHaveLength(1)
  return { exit, document: documents[0], said }
}

describe('an export', () => {
  it('goes neither into a folder with other files nor over a file, and leaves both as they are', async () => {
    const out = inFolder('mine')
    await mkdir(out)
    await writeFile(join(out, 'notes.txt'), 'mine')
    for (const taken of [out, join(out, 'notes.txt')]) {
      const { exit, document, said } = await refused(finished, taken)
      expect([exit, document]).toEqual([4, error('conflict', taken)])
      expect(said).toContain('--out')
    }
    expect(await readdir(out)).toEqual(['notes.txt'])
    expect(await readFile(join(out, 'notes.txt'), 'utf8')).toBe('mine')
  })

  it('of a run that has no adapter yet, or that there is not, makes no folder', async () => {
    const waiting = await coordinator.startRun({ total: 1, clients: 9 })
    const early = await refused(waiting, inFolder('out', 'early'))
    expect([early.exit, early.document]).toEqual([4, error('run-not-finished', waiting)])
    expect(early.said).toContain(`tessera runs watch ${waiting}`)
    const unknown = await refused('nobody', inFolder('out', 'unknown'))
    expect([unknown.exit, unknown.document]).toEqual([4, error('unknown-run', 'nobody')])
    expect(await readdir(folder)).not.toContain('out')
    await coordinator.api.steer(waiting, 'abort')
  })

  it('that is repeated replaces the old one whole', async () => {
    const out = inFolder('exports', 'again')
    const first = await tessera('--server', coordinator.url, 'export', finished, '--out', out)
    const copy = inFolder('exports', 'copy')
    await cp(out, copy, { recursive: true })
    await writeFile(join(out, 'adapter_model.safetensors'), 'damaged')
    const second = await tessera('--server', coordinator.url, 'export', finished, '--out', out)
    expect(second).toEqual(first)
    const file = 'adapter_model.safetensors'
    expect(await readFile(join(out, file))).toEqual(await readFile(join(copy, file)))
    expect(await readdir(inFolder('exports'))).toEqual(['again', 'copy'])
  })

  it('of a method without a LoRA form is a whole model, which evaluates to the loss of the coordinator', async () => {
    const data = { format: 'classification', maxLength: 64 }
    const test = inFolder('test.jsonl')
    const rows = (await readFile(bundledRows('test'), 'utf8')).split('\n').slice(0, 12)
    await writeFile(test, rows.join('\n'))
    const client = await coordinator.admitted('shifting')
    const train = { localSteps: 10, optimizer: { name: 'adamw', learningRate: 0.05 } }
    const parts = { adapter: { method: 'ssf' }, initialisation: { name: 'none' } }
    const spec = { ...parts, data, train, evaluation: { file: test } }
    const run = await coordinator.startRun({ total: 1, clients: 1 }, spec)
    const assignment = await client.told('assignment')
    const length = 4 * 2 * 192 // a scale and a shift for each output of four q_proj
    const { message, body } = updateOf(assignment, new Float32Array(length).fill(0.125))
    await client.send(message, body)
    await coordinator.phase(run, 'finished')
    client.drop()
    const { adapterHash } = await vi.waitFor(
      async () => {
        const view = await coordinator.api.run(run)
        expect(view.adapterHash).toEqual(expect.any(String))
        return view
      },
      { timeout: 30_000, interval: 100 },
    )
    const ask = (...args: string[]) => tessera('--server', coordinator.url, 'export', run, ...args)
    const peft = await ask('--format', 'peft', '--out', inFolder('narrow'))
    expect([peft.exit, peft.documents]).toEqual([5, [error('not-exportable', 'rank 192 of 192')]])
    expect(peft.said).toContain('--format merged')
    const reason = expect.stringContaining('can have rank 192 of 192')
    const out = inFolder('merged')
    const merged = await ask('--out', out)
    expect(merged.documents).toEqual([
      expect.objectContaining({ format: 'merged', reason, adapterHash, rank: null, exactness: null }),
    ])
    const again = await ask('--out', out, '--model', MODEL)
    expect([again.exit, again.documents]).toEqual([0, merged.documents])
    const flags = ['--model', MODEL, '--data', test, '--max-length', '64', '--device', 'onnx-cpu']
    const evaluated = (await tessera('eval', ...flags, '--adapter', out)).documents.at(-1) as { loss: number }
    const losses = (await coordinator.api.metrics(run)).filter(({ name }) => name === 'eval-loss')
    const [before, after] = [0, 1].map((round) => losses.find((loss) => loss.round === round)!.value)
    expect(Math.abs(evaluated.loss - after!)).toBeLessThan(1e-4)
    expect(Math.abs(before! - after!)).toBeGreaterThan(1e-2)
  })

  it('that takes the base model has it from the coordinator, where its folder is not on this machine', async () => {
    const { spec, model } = await coordinator.api.record(finished)
    const elsewhere = { spec: { ...spec, model: 'elsewhere' } as typeof spec, model }
    const { files } = await openRunModel(elsewhere, undefined, coordinator.api)
    expect(Object.keys(files)).toContain('tokenizer.json')
    expect(
      Object.entries(files)
        .map(([path, bytes]) => [path, hashBytes(bytes)])
        .sort(),
    ).toEqual(model.map(({ path, hash }) => [path, hash]).sort())
    const changed = { ...elsewhere, model: model.map((file) => ({ ...file, hash: hashBytes(Uint8Array.of(1)) })) }
    await expect(openRunModel(changed, undefined, coordinator.api)).rejects.toMatchObject({ code: 'not-exportable' })
    await expect(openRunModel(changed, MODEL, coordinator.api)).rejects.toMatchObject({ code: 'hash-mismatch' })
  })

  it('that is interrupted while it waits for the coordinator ends with cancelled and leaves nothing', async () => {
    let askedForBlob: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      askedForBlob = resolve
    })
    const server = createServer(async ({ url = '' }, response) => {
      if (url.startsWith('/api/blobs')) return askedForBlob()
      response.setHeader('content-type', 'application/json')
      response.end(await (await fetch(new URL(url, coordinator.url))).text())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const slow = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await mkdir(inFolder('interrupted'))
    const out = inFolder('interrupted', 'adapter')
    const command = startTessera(inFolder('home'), ['--server', slow, 'export', finished, '--out', out])
    await asked
    expect(await command.kill('SIGINT')).toBe(1)
    expect(command.documents).toEqual([error('cancelled', 'interrupted')])
    expect(await readdir(inFolder('interrupted'))).toEqual([])
    server.close().closeAllConnections()
  })

  it('that is interrupted when all is fetched writes nothing', async () => {
    const controller = new AbortController()
    const blob = async (...request: Parameters<typeof coordinator.api.blob>) => {
      const bytes = await coordinator.api.blob(...request)
      controller.abort(new Error('interrupted'))
      return bytes
    }
    const out = inFolder('late', 'adapter')
    const target = { runId: finished, out, signal: controller.signal }
    await expect(exportRun({ ...coordinator.api, blob }, target)).rejects.toThrow('interrupted')
    expect(await readdir(folder)).not.toContain('late')
  })
})
