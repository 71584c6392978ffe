import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DemoScript, runDemo } from '../../apps/cli/src/demo/demo.ts'
import { demoSpec } from '../../apps/cli/src/demo/demo-spec.ts'
import { splitByMaintainer } from '../../apps/cli/src/demo/split-clients.ts'
import { createTerminal } from '../../apps/cli/src/terminal.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { bundledRows } from './tessera-process.ts'

const ROWS = 12

const head = (jsonl: string): string => jsonl.split('\n').slice(0, ROWS).join('\n')

let folder: string

beforeAll(async () => {
  folder = await temporaryFolder('demo')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The demo with two clients of twelve short rows, and one round of two steps at four layers. */
async function smallScript(): Promise<DemoScript> {
  const testFile = join(folder, 'test.jsonl')
  const [spec, split] = [demoSpec(3), splitByMaintainer(await readFile(bundledRows('train'), 'utf8'), 2)]
  const clients = Object.fromEntries(Object.entries(split).map(([name, jsonl]) => [name, head(jsonl)]))
  await writeFile(testFile, head(await readFile(bundledRows('test'), 'utf8')))
  const small = {
    ...spec,
    targets: ['q_proj'],
    data: { ...spec.data, maxLength: 32 },
    adapter: { ...spec.adapter, rank: 4 },
    initialisation: { name: 'federated-sketch', batches: 1 },
    train: { ...spec.train, localSteps: 2, batchSize: 4 },
    rounds: { ...spec.rounds, total: 1, cohort: { ...spec.rounds.cohort, size: 2, quorum: 2 } },
    evaluation: null,
  }
  return { spec: unwrap(parseRunSpec(small)), clients, testFile }
}

it('comes to the same adapter twice from the same seed, and leaves nothing but that and the logs', async () => {
  const script = await smallScript()
  const terminal = createTerminal({ json: false, quiet: true })
  const options = { compare: false, keep: false, port: 0, parent: folder }
  const silent = { ...terminal, show: () => {} }
  const first = await runDemo(script, options, silent)
  const second = await runDemo(script, options, silent)
  expect(second.adapterHash).toBe(first.adapterHash)
  expect(first.adapterHash).toMatch(/^[0-9a-f]{64}$/)
  // R of four layers, 4 × 4 float32.
  expect(first).toMatchObject({ rounds: 1, clients: 2, testRows: ROWS, payloadFloorBytes: 4 * 4 * 4 * 4, seed: 3 })
  expect(first.lossAfter).not.toBe(first.lossBefore)
  expect(second.lossAfter).toBe(first.lossAfter)
  expect((await readdir(join(first.adapterDir, '..'))).sort()).toEqual(['adapter', 'client-1.log', 'client-2.log'])
})
