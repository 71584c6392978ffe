import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ModelShelf } from './model-shelf.ts'

const BUNDLED = fileURLToPath(new URL('../../../models/tiny-debian-llama', import.meta.url))

let folder: string
let shelf: ModelShelf

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-shelf-'))
  for (const place of ['first', 'second']) await mkdir(join(folder, place))
  await cp(BUNDLED, join(folder, 'second/models/small'), { recursive: true })
  shelf = new ModelShelf([join(folder, 'first'), join(folder, 'second')])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('looks for a relative path in its places, and says where the model is', async () => {
  const shelved = await shelf.load('models/small')
  expect(shelved.folder).toBe(join(folder, 'second/models/small'))
  expect(await shelf.load(shelved.folder)).toBe(shelved) // loaded once
  expect(await shelf.loadFor(shelved.folder, shelved.files)).toBe(shelved.model)
})

it('prefers the first place that has it', async () => {
  await cp(BUNDLED, join(folder, 'first/models/other'), { recursive: true })
  await cp(BUNDLED, join(folder, 'second/models/other'), { recursive: true })
  expect((await shelf.load('models/other')).folder).toBe(join(folder, 'first/models/other'))
})

it('names every folder where it has looked', async () => {
  const missing = `there is no model folder ${join(folder, 'first/no')} or ${join(folder, 'second/no')}`
  await expect(shelf.load('no')).rejects.toMatchObject({ code: 'file-not-found', message: missing })
  await expect(shelf.load('/no')).rejects.toMatchObject({ message: 'there is no model folder /no' })
})
