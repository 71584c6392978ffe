import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Residual } from '@tessera/federation'
import { type Assignment, hashBytes } from '@tessera/protocol'
import { assignmentId, type BlobHash, clientId, type FedError, runId } from '@tessera/vocabulary'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FinishedWork } from './finished-work.ts'
import { ResultShelf } from './result-shelf.ts'

const FROM = {
  artefact: hashBytes(Uint8Array.of(1)),
  coordinates: hashBytes(Uint8Array.of(2)),
  baseChange: null as BlobHash | null,
}
const RUN = runId('run')

let folder: string
let troubles: FedError[]
let shelf: ResultShelf

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tessera-shelf-')), 'results')
  troubles = []
  shelf = newShelf()
})
afterEach(() => rm(join(folder, '..'), { recursive: true }))

/** What a worker sees that is started in the same folder. */
const newShelf = () => new ResultShelf(join(folder, '..'), (error) => troubles.push(error))

function work(name: string, bytes = Uint8Array.of(10, 0, 255, 10), residual: Residual | null = null): FinishedWork {
  const part = { runId: RUN, round: 1, assignmentId: assignmentId(name) }
  const message = {
    type: 'update' as const,
    ...part,
    weight: 3,
    codec: 'float32',
    length: 1,
    metrics: { 'train-loss': 0.1 },
  }
  return {
    from: { ...FROM, residual: null },
    residual,
    message: { ...message, blob: null },
    bytes,
  }
}
const asked = (name: string, from = FROM) => ({ assignmentId: assignmentId(name), ...from }) as Assignment
const fileOf = (name: string) => join(folder, `${name}.update`)

describe('the results that a worker keeps', () => {
  it('are there after a restart, byte for byte, until they are dropped', async () => {
    await shelf.keep(work('run.train-1.ada'))
    expect(await newShelf().open()).toEqual([work('run.train-1.ada')])
    expect(await newShelf().find(asked('run.train-1.ada'), null)).toEqual(work('run.train-1.ada'))
    await newShelf().drop(assignmentId('run.train-1.ada'))
    expect(await newShelf().find(asked('run.train-1.ada'), null)).toBeNull()
    expect([await readdir(folder), troubles]).toEqual([[], []])
  })

  it.each(['coordinates', 'baseChange'])('serve no assignment of the same name with another %s', async (part) => {
    await shelf.keep(work('a'))
    const other = asked('a', { ...FROM, [part]: hashBytes(Uint8Array.of(3)) })
    expect(await shelf.find(other, null)).toBeNull()
    expect(await readdir(folder)).toEqual([])
  })

  it('are ignored and removed when any byte is missing or altered, or the file is somebody else’s', async () => {
    await shelf.keep(work('a'))
    const whole = await readFile(fileOf('a'))
    for (let length = 0; length < whole.length; length++) {
      await writeFile(fileOf('a'), whole.subarray(0, length))
      expect(await shelf.find(asked('a'), null), `cut to ${length}`).toBeNull()
      await writeFile(
        fileOf('a'),
        whole.map((byte, at) => (at === length ? byte ^ 1 : byte)),
      )
      expect(await shelf.find(asked('a'), null), `altered at ${length}`).toBeNull()
    }
    await writeFile(fileOf('b'), whole) // under another name
    const json = Buffer.from('no JSON\n')
    await writeFile(fileOf('c'), Buffer.concat([Buffer.from(`${hashBytes(json)}\n`), json]))
    await writeFile(join(folder, 'a.update.new'), whole.subarray(0, 40)) // the writer died
    expect(await newShelf().open()).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('are the latest 16', async () => {
    await shelf.keep(work('first'))
    shelf = newShelf()
    await shelf.open()
    for (let at = 0; at < 16; at++) await shelf.keep(work(`later-${at}`))
    expect((await readdir(folder)).length).toBe(16)
    expect(await shelf.find(asked('first'), null)).toBeNull()
    expect(await shelf.find(asked('later-0'), null)).toEqual(work('later-0'))
  })

  it('are not kept on a full disk, which is said and is no failure of the work', async () => {
    await mkdir(folder, { recursive: true })
    await symlink('/dev/full', `${fileOf('a')}.new`)
    await shelf.keep(work('a'))
    expect(troubles).toMatchObject([{ code: 'disk-full', retryable: true, fix: expect.stringContaining('room') }])
    expect(await readdir(folder)).toEqual([])
    await shelf.keep(work('a'))
    expect(await shelf.find(asked('a'), null)).toEqual(work('a'))
  })
})

describe('a residual', () => {
  const residual = (...values: number[]): Residual => ({
    ...{ runId: RUN, clientId: clientId('ada'), artefact: hashBytes(Uint8Array.of(1)) },
    ...{ layout: hashBytes(Uint8Array.of(7)), values: Float32Array.from(values) },
  })
  const first = work('first', Uint8Array.of(1), residual(1, -0.5))
  const second = work('second', Uint8Array.of(2), residual(2))
  const residualFile = () => join(folder, '..', 'residuals', 'run.residual')

  it('lies with its result before that is sent, and counts from when the result is taken, also after a restart', async () => {
    await shelf.keep(first)
    expect([await newShelf().residualOf(RUN), (await newShelf().open()).length]).toEqual([null, 1])
    expect(await newShelf().find(asked('first'), null)).toEqual(first)
    await shelf.take(first)
    await shelf.take(first) // it was taken already
    expect(await newShelf().residualOf(RUN)).toEqual(first.residual)
    expect(await newShelf().open()).toEqual([])
  })

  it('stays as it was when a later result is refused for good, and gives way to that of one that is taken', async () => {
    await shelf.keep(first)
    await shelf.take(first)
    await shelf.keep(second)
    await shelf.drop(second.message.assignmentId)
    expect(await shelf.residualOf(RUN)).toEqual(first.residual)
    await shelf.keep(second)
    await shelf.take(second)
    expect(await shelf.residualOf(RUN)).toEqual(second.residual)
    expect(await shelf.residualOf(runId('other'))).toBeNull()
  })

  it('of a worker that spoke an earlier protocol is read, and its kept result is removed: the work is done again', async () => {
    await shelf.keep(first)
    await shelf.take(first)
    await shelf.keep(second)
    for (const path of [residualFile(), fileOf('second')]) {
      const now = `"codec":"float32","length":1,"metrics":{"train-loss":0.1},"blob":null`
      const then = `"codec":{"name":"float32","config":{}},"length":1,"hash":"${'0'.repeat(64)}","blob":false,"metrics":{}`
      const file = (await readFile(path)).subarray(65).toString('latin1')
      expect(file).toContain(now)
      const content = Buffer.from(file.replace(now, then), 'latin1')
      await writeFile(path, Buffer.concat([Buffer.from(`${hashBytes(content)}\n`), content]))
    }
    expect(await newShelf().residualOf(RUN)).toEqual(first.residual)
    expect(await newShelf().open()).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })

  it('decides which kept result is still the same work', async () => {
    await shelf.keep(first)
    expect(await shelf.find(asked('first'), residual(3))).toBeNull()
  })

  it('that lost a byte, or of which one was altered, is refused and never used or removed', async () => {
    await shelf.keep(first)
    await shelf.take(first)
    const whole = await readFile(residualFile())
    for (let at = 0; at < whole.length; at += 7) {
      for (const damaged of [whole.subarray(0, at), whole.map((byte, place) => (place === at ? byte ^ 1 : byte))]) {
        await writeFile(residualFile(), damaged)
        await expect(shelf.residualOf(RUN)).rejects.toMatchObject({
          code: 'invalid-residual',
          fix: expect.stringContaining('run.residual can be removed'),
        })
      }
    }
    expect(await readdir(join(folder, '..', 'residuals'))).toEqual(['run.residual'])
  })

  it('that does not fit on the disk holds its result back: what is not kept is not sent', async () => {
    await mkdir(folder, { recursive: true })
    await symlink('/dev/full', `${fileOf('first')}.new`)
    await expect(shelf.keep(first)).rejects.toMatchObject({ code: 'disk-full', retryable: true })
    await shelf.keep(first)
    expect(shelf.has(first.message.assignmentId)).toBe(true)
  })
})
