import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { leadingBlock } from '@tessera/adapters'
import { roundLayout, withRanks } from '@tessera/federation'
import { collect } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openArchive } from '../../apps/cli/src/remote-archive.ts'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from '../protocol/coordinator-under-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { bundledRows, endAll, startTessera } from './tessera-process.ts'

let folder: string
let coordinator: CoordinatorUnderTest

beforeAll(async () => {
  folder = await temporaryFolder('ranks')
  coordinator = await coordinatorUnderTest()
  await Promise.all([startWorker('small', 0, '--rank', '2'), startWorker('large', 12)])
})
afterAll(async () => {
  await endAll()
  await coordinator?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A worker with twelve rows of its own. */
async function startWorker(name: string, skip: number, ...flags: readonly string[]): Promise<void> {
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n').slice(skip, skip + 12)
  const data = join(folder, `${name}.jsonl`)
  await writeFile(data, rows.join('\n'))
  const device = ['--token', TOKEN, '--data', data, '--device', 'onnx-cpu', '--threads', '1']
  startTessera(join(folder, name), ['join', coordinator.url, '--name', name, ...device, ...flags])
}

/** A finished run of two rounds. */
async function finishedRun(spec: object): Promise<string> {
  const train = { localSteps: 2, batchSize: 4 }
  const id = await coordinator.startRun({ total: 2, clients: 2 }, { data: { maxLength: 64 }, train, ...spec })
  await coordinator.phase(id, 'finished')
  return id
}

/** By round and client: how many numbers moved in the leading block of rank 2, and how many outside of it. */
async function movedIn(id: string): Promise<Record<string, readonly [inside: number, outside: number]>> {
  const { record, state, updates } = await openArchive(coordinator.api, id)
  const moved = [1, 2].map(async (round) => {
    const layout = roundLayout(withRanks(record, state), round)
    return (await collect(updates({ kind: 'train', index: round }))).map(({ clientId, bytes }) => {
      const update = new Float32Array(bytes.slice().buffer) // the codec is float32
      const block = leadingBlock(layout, update, 2)
      const count = (values: Float32Array) => values.filter((value) => value !== 0).length
      return [`${round} ${clientId}`, [count(block), count(update) - count(block)]] as const
    })
  })
  return Object.fromEntries((await Promise.all(moved)).flat())
}

describe('a worker of --rank 2, beside one without', () => {
  it('moves the leading 2 × 2 of each R [4, 4] of four layers', async () => {
    const id = await finishedRun({})
    const [small, large] = [
      [4 * 2 * 2, 0],
      [4 * 2 * 2, 4 * (4 * 4 - 2 * 2)],
    ]
    expect(await movedIn(id)).toEqual({ '1 small': small, '1 large': large, '2 small': small, '2 large': large })
    const told = (await coordinator.api.metrics(id)).filter(({ name }) => name === 'rank')
    expect(told.map(({ round, clientId, value }) => `${round} ${clientId} ${value}`)).toEqual([
      '1 small 2',
      '2 small 2',
    ])
  })

  it('moves no more than two ranks of a layer where each layer has its own, some fewer and some more', async () => {
    const id = await finishedRun({
      targets: ['v_proj', 'down_proj'],
      adapter: { method: 'lora', rank: 2 },
      initialisation: { name: 'eva' },
      aggregator: { rule: 'factor-mean' },
    })
    const { state } = await openArchive(coordinator.api, id)
    const ranks = Object.values(state.ranks!)
    expect(Math.min(...ranks)).toBeLessThan(2)
    expect(Math.max(...ranks)).toBeGreaterThan(2)
    const moved = await movedIn(id)
    for (const round of [1, 2]) {
      const [small, large] = [moved[`${round} small`]!, moved[`${round} large`]!]
      expect([small[1], small[0]]).toEqual([0, large[0]])
      expect(large[1]).toBeGreaterThan(0)
    }
  })
})
