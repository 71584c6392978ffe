import { createRecordingLog } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { createDiskGuard } from './disk-guard.ts'

const MIB = 2 ** 20

/** A disk whose free space follows a list, one value a look, and what the guard does about it. */
function watchedDisk(free: readonly (number | Error)[], bringMiB = 0) {
  const log = createRecordingLog()
  const calls: string[] = []
  let at = 0
  return new Promise<{ calls: string[]; log: typeof log; refusals: (string | undefined)[] }>((done) => {
    const refusals: (string | undefined)[] = []
    const guard = createDiskGuard({
      folder: '/data',
      reserveBytes: 256 * MIB,
      everyMs: 0,
      log,
      measure: async () => {
        if (at > 0) refusals.push(guard.refusal(bringMiB * MIB)?.code)
        const next = free[at++]
        if (next === undefined) {
          guard.stop()
          done({ calls, log, refusals })
          return 0
        }
        if (next instanceof Error) throw next
        return next * MIB
      },
    })
    guard.watch({
      full: async (reason) => void calls.push(reason),
      room: async () => void calls.push('room'),
    })
  })
}

describe('the disk guard', () => {
  it('pauses under 256 MiB, goes on from 320 MiB, and at the start resumes what an earlier full disk has paused', async () => {
    const { calls, refusals, log } = await watchedDisk([300, 256, 255, 300, 319, 320, 300])
    const full = (free: number) => `only ${free} MiB of the disk are free, 256 MiB are kept`
    expect(calls.slice(0, 5)).toEqual(['room', full(255), full(300), full(319), 'room'])
    expect(refusals).toEqual([undefined, undefined, 'disk-full', 'disk-full', 'disk-full', undefined, undefined])
    expect(log.lines.map(({ level }) => level).slice(0, 2)).toEqual(['warn', 'info'])
  })

  it('refuses what is larger than what is free beside the reserve, and pauses nothing for it', async () => {
    const { calls, refusals } = await watchedDisk([300, 356, 357, 1000], 101)
    expect(refusals).toEqual(['disk-full', 'disk-full', undefined, undefined])
    expect(calls.filter((call) => !call.startsWith('only 0 MiB'))).toEqual(['room']) // the last look sees 0
  })

  it('says that it can not look, and looks again', async () => {
    const { calls, log } = await watchedDisk([new Error('EIO'), 100])
    expect(calls[0]).toMatch('only 100 MiB')
    expect(log.lines[0]).toMatchObject({ level: 'warn', message: 'the free space of the disk is not known' })
  })
})
