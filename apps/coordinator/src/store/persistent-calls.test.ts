import { Prisma } from '@prisma/client'
import { createRecordingLog } from '@tessera/testing'
import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { createPersistentCalls } from './persistent-calls.ts'

const away = () => new FedError('database-unreachable', 'nobody answers')

/** A query that fails so often with the error, then answers with the number of its attempt. */
const failing = (times: number, error: () => Error) => async (attempt: number) => {
  if (attempt <= times) throw error()
  return attempt
}

describe('a call of a database that is away', () => {
  it('is repeated until it is answered; the outage is told once and its end once', async () => {
    const log = createRecordingLog()
    const { persist } = createPersistentCalls(log)
    const answers = [persist(failing(3, away)), persist(failing(1, away)), persist(failing(0, away))]
    expect(await Promise.all(answers)).toEqual([4, 2, 1])
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info'])
    expect(log.lines[1]?.message).toBe('the database answers again')
  })

  it('is in trouble with the last failure until one is answered, and in none before or after', async () => {
    const { persist, trouble } = createPersistentCalls(createRecordingLog())
    const seen: (string | undefined)[] = [trouble()?.code]
    await persist(async (attempt) => {
      seen.push(trouble()?.code)
      if (attempt === 1) throw away()
      if (attempt === 2) throw new FedError('disk-full', 'full')
    })
    expect([...seen, trouble()?.code]).toEqual([undefined, undefined, 'database-unreachable', 'disk-full', undefined])
  })

  it('is not repeated when it was refused, and an unknown error comes out as internal', async () => {
    const log = createRecordingLog()
    const { persist } = createPersistentCalls(log)
    let attempts = 0
    const refused = persist(async () => {
      attempts += 1
      throw new FedError('conflict', 'another was first')
    })
    await expect(refused).rejects.toMatchObject({ code: 'conflict' })
    await expect(persist(failing(1, () => new Error('syntax')))).rejects.toMatchObject({ code: 'internal' })
    expect([attempts, log.lines]).toEqual([1, []])
  })

  it.each([
    ['ECONNREFUSED', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['EPIPE', new Prisma.PrismaClientKnownRequestError('write EPIPE', { code: 'EPIPE', clientVersion: '7' })],
    ['P1001', new Prisma.PrismaClientKnownRequestError('no server', { code: 'P1001', clientVersion: '7' })],
    ['57P01', Object.assign(new Error('terminating'), { code: '57P01', severity: 'FATAL' })],
    ['40001', Object.assign(new Error('could not serialize'), { code: '40001', severity: 'ERROR' })],
    ['55P03', Object.assign(new Error('lock timeout'), { code: '55P03', severity: 'ERROR' })],
    ['53100', Object.assign(new Error('could not extend file'), { code: '53100', severity: 'ERROR' })],
    ['ENOSPC', new Error('ENOSPC: no space left on device, write')],
  ])('is repeated after %s', async (_code, error) => {
    const { persist } = createPersistentCalls(createRecordingLog())
    expect(await persist(failing(1, () => error))).toBe(2)
  })

  it('fails with what it waits for when a stopping coordinator waits no more, and one that succeeds is answered', async () => {
    const { persist, end } = createPersistentCalls(createRecordingLog())
    const waiting = persist(failing(1e9, away))
    const answered = persist(async () => {
      end()
      return 'done'
    })
    expect(await answered).toBe('done')
    await expect(waiting).rejects.toMatchObject({ code: 'database-unreachable' })
    await expect(persist(failing(1, away))).rejects.toMatchObject({ code: 'database-unreachable' })
    expect(await persist(failing(0, away))).toBe(1)
  })

  it('is not made any more once the database is lost, whoever had waited for it', async () => {
    const { persist, end } = createPersistentCalls(createRecordingLog())
    const waiting = persist(failing(1e9, away))
    end(new FedError('superseded', 'another has it'))
    await expect(waiting).rejects.toMatchObject({ code: 'superseded' })
    await expect(persist(failing(0, away))).rejects.toMatchObject({ code: 'superseded' })
  })

  it('of a worker is told at once when the disk is full', async () => {
    const { insist } = createPersistentCalls(createRecordingLog())
    const full = () => new FedError('disk-full', 'full')
    await expect(insist(failing(1, full))).rejects.toMatchObject({ code: 'disk-full' })
    expect(await insist(failing(2, away))).toBe(3)
  })
})
