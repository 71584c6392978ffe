import { fileURLToPath } from 'node:url'
import type { Engine, RunRecord } from '@tessera/federation'
import { expect, it } from 'vitest'
import { ModelShelf } from './model-shelf.ts'
import { createRunDesk } from './run-desk.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const shelf = new ModelShelf([ROOT])

/** A desk over an engine that keeps records as a database does, and nothing else. */
function desk() {
  const records = new Map<string, RunRecord>()
  const engine: Pick<Engine, 'run' | 'createRun'> = {
    run: (id) => {
      const record = records.get(id)
      return record === undefined ? null : ({ record } as ReturnType<Engine['run']>)
    },
    createRun: async (record) => void records.set(record.runId, JSON.parse(JSON.stringify(record)) as RunRecord),
  }
  return { ...createRunDesk({ engine: engine as Engine, shelf, removed: () => {} }), records }
}

it('makes a run of its own each time, with the model where it was found', async () => {
  const { createRun, records } = desk()
  const [first, second] = [await createRun({ name: 'A b' }, {}), await createRun({ name: 'A b' }, {})]
  expect([first.made, second.made]).toEqual([true, true])
  expect(first.id).toMatch(/^a-b-[0-9a-f]{8}$/)
  expect(second.id).not.toBe(first.id)
  expect(records.get(first.id)?.spec.model).toBe(`${ROOT}models/tiny-debian-llama`)
})

it('makes one run of a submit token, also when it comes twice at once', async () => {
  const { createRun, records } = desk()
  const submission = { submitToken: 'night 17' }
  const both = await Promise.all([createRun({ seed: 3 }, submission), createRun({ seed: 3 }, submission)])
  expect(both.map(({ made }) => made)).toEqual([true, false])
  expect(both[1].id).toBe(both[0].id)
  expect((await createRun({ seed: 3 }, { submitToken: 'night 18' })).id).not.toBe(both[0].id)
  expect(records.size).toBe(2)
})

it('refuses a submit token with another specification', async () => {
  const { createRun, records } = desk()
  const { id } = await createRun({ seed: 3 }, { submitToken: 'night 17' })
  const other = createRun({ seed: 4 }, { submitToken: 'night 17' })
  await expect(other).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(id) })
  expect(records.size).toBe(1)
})
