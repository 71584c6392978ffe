import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DRILLS } from '../../apps/cli/src/drill/drills.ts'
import { namespaceAbility } from '../../apps/cli/src/drill/network-namespace.ts'
import type { DrillReport } from '../../apps/cli/src/drill/rehearsal.ts'
import type { Scorecard } from '../../apps/cli/src/drill/scorecard.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { endAll, startTessera } from './tessera-process.ts'

/** Many processes for two cores: a machine that is busy otherwise takes long. */
const TIMEOUT_MS = 600_000
const ONCE = ['--times', '1'] as const

let home: string

beforeAll(async () => {
  home = await temporaryFolder('drills')
})

afterAll(async () => {
  await endAll()
  await rm(home, { recursive: true, force: true })
})

/** `tessera drill` in a process of its own, which starts all the others. */
async function drill(...args: readonly string[]): Promise<DrillReport> {
  const process = startTessera(home, ['drill', ...args])
  const status = await process.ended
  const report = process.documents.at(-1) as unknown as DrillReport
  expect(status, `${process.said()}\n${JSON.stringify(report?.scorecards?.at(-1), null, 2)}`).toBe(0)
  return report
}

/** Names of what a drill makes on a machine. */
async function traces(): Promise<string[]> {
  const namespaces = await promisify(execFile)('ip', ['netns', 'list']).catch(() => ({ stdout: '' }))
  const names = [...namespaces.stdout.split('\n'), ...(await readdir(tmpdir()))]
  return names.filter((name) => name.startsWith('tessera-drill-'))
}

/** The command lines of all processes. */
const commands = async (): Promise<string> => (await promisify(execFile)('ps', ['-A', '-o', 'args'])).stdout

function expectClean(card: Scorecard, { reference }: DrillReport): void {
  const open = card.invariants.filter(({ verdict }) => verdict !== 'pass')
  expect(open, card.drill).toEqual([])
  const adapter = card.invariants.find(({ name }) => name === 'the adapter is that of the undisturbed run')
  expect(adapter?.detail).toBe(reference?.adapterHash)
  expect([card.seen.rounds, card.seen.updates]).toEqual([4, 18]) // two passes and four rounds of three clients
}

describe('tessera drill', () => {
  let before: readonly string[]

  beforeAll(async () => {
    before = await traces()
  })

  it(
    'disturbs a run in each of eight ways with the proxy, and the same adapter comes out each time',
    async () => {
      const report = await drill('all', '--network', 'proxy', '--seed', '79', ...ONCE)
      expect(report.scorecards.map((card) => card.drill)).toEqual(DRILLS.map(({ name }) => name))
      for (const card of report.scorecards) expectClean(card, report)
      const [clock, corrupt, dup, kill, latency, partition, pause, reorder] = report.scorecards
      expect(corrupt?.seen.traffic.damaged).toBeGreaterThan(0)
      expect(dup?.seen.traffic.repeated).toBeGreaterThan(0)
      expect(dup?.seen.duplicatesRefused).toBeGreaterThan(0)
      expect(latency?.seen.traffic.delayed).toBeGreaterThan(0)
      expect(partition?.seen.traffic.cut).toBe(1)
      expect(reorder?.seen.traffic.swapped).toBeGreaterThan(0)
      expect(kill?.deeds[0]?.what).toMatch(/^SIGKILL to coordinator \(pid \d+\)$/)
      expect(pause?.deeds.map(({ what }) => what.split(' ')[0])).toEqual(['SIGSTOP', 'SIGCONT'])
      expect(pause?.deeds[0]?.what).toContain('Postgres')
      expect(clock?.deeds[0]?.what).toMatch(/a clock that is a day ahead$/)
    },
    TIMEOUT_MS,
  )

  it(
    'disturbs it in the kernel where this machine can, and says what is missing where it can not',
    async () => {
      const { links, netem, reason } = await namespaceAbility()
      for (const [name, able] of Object.entries({ partition: links, latency: netem })) {
        if (able) {
          const report = await drill(name, '--network', 'namespaces', ...ONCE)
          expect(report.scorecards[0]?.network).toEqual(['kernel'])
          for (const card of report.scorecards) expectClean(card, report)
        } else {
          const refused = startTessera(home, ['drill', name, '--network', 'namespaces'])
          expect(await refused.ended).toBe(6)
          expect(refused.documents).toMatchObject([{ error: { code: 'namespaces-missing' } }])
          expect(refused.said()).toContain(reason)
        }
      }
    },
    TIMEOUT_MS,
  )

  it(
    'ends when it is interrupted, and leaves nothing behind',
    async () => {
      const process = startTessera(home, ['drill', 'partition', '--at-round', '0', '--duration', '60'])
      await expect.poll(() => process.said(), { timeout: TIMEOUT_MS }).toContain('undisturbed')
      const [folder] = /\S+tessera-drill-\S+/.exec(process.said()) as RegExpExecArray
      expect(await commands()).toContain(folder) // its coordinator, its workers and its database
      expect(await process.kill('SIGINT')).toBe(1)
      expect(process.documents).toMatchObject([{ error: { code: 'cancelled' } }])
      expect(await commands()).not.toContain(folder)
      expect(await traces()).toEqual(before)
    },
    TIMEOUT_MS,
  )
})
