import { archiveOf, verifyRun } from '@tessera/federation'
import type { RoundView } from '@tessera/protocol'
import { collect } from '@tessera/testing'
import type { RunId } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckedResult, gapsOf, type Verdict } from '../../apps/cli/src/verify-report.ts'
import { SETTINGS } from '../rounds/kill-settings.ts'
import { createWorld, type Plan, runThrough, type World } from '../rounds/mortal-federation.ts'
import { type Chronicle, chronicleOf } from '../rounds/run-chronicle.ts'
import { type Setting, smallCast } from '../rounds/small-cast.ts'
import { type OpenedDatabase, open, SERVERS, type TestServer } from './databases.ts'

/** Lives of a coordinator that end after 3, 17, 31, … points, until one of them reaches the end of the run. */
const DEATHS = Array.from({ length: 8 }, (_, nth) => 3 + 14 * nth)

/** Work that one round gives out and another takes. */
const takesLateWork = ({ rounds: { mode } = {} }: Setting): boolean =>
  mode?.kind === 'buffered' || mode?.onLate === 'next-round'
const LATE = SETTINGS.filter(([, setting]) => takesLateWork(setting))

async function endOf(world: World, plan: Plan, deaths: readonly number[] = []): Promise<Chronicle> {
  await runThrough(world, plan, deaths)
  expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  return chronicleOf(world)
}

/** What `tessera verify --strict` finds missing. */
async function gaps({ store, record, workbench }: World): Promise<string[]> {
  const findings = await collect(verifyRun(await archiveOf(store, record.runId), { workbench }))
  const verdict = findings.at(-1) as Extract<Verdict, { type: 'end' }>
  return gapsOf(findings.slice(0, -1) as CheckedResult[], verdict)
}

/** Who delivered what in a round, as people see it. */
const deliveries = ({ cohort }: RoundView): string[] =>
  cohort.filter(({ status }) => status === 'delivered').map(({ assignmentId }) => assignmentId.replace('run-1.', ''))

/** What each round took, as the log has it. */
function takenIn({ facts }: Chronicle): string[][] {
  const rounds: string[][] = [[]]
  for (const fact of facts) {
    if (fact.type === 'update-received') rounds.at(-1)!.push(fact.assignmentId.replace('run-1.', ''))
    if (fact.type === 'committed') rounds.push([])
  }
  return rounds.slice(0, -1)
}

describe.each(SERVERS)('late work on %s', (_, start) => {
  let server: TestServer
  let databases = 0
  let database: OpenedDatabase

  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  /** The same world, whose coordinator keeps everything in PostgreSQL. */
  async function durable(setting: Setting): Promise<World> {
    database = await open({ url: await server.emptyDatabase(`late_${++databases}`) })
    const { store, queries } = database
    const metricsOf = async (id: RunId) => (await queries.metrics(id)).map(({ runId: _run, ...metric }) => metric)
    return createWorld(smallCast(setting), { store, metricsOf })
  }

  it.each(LATE)('in a run %s is taken once, in its round, and ends as in memory', async (_name, setting, plan) => {
    const inMemory = await endOf(createWorld(smallCast(setting)), plan)
    const world = await durable(setting)
    expect(await endOf(world, plan, DEATHS)).toEqual(inMemory)
    if (setting.persist !== 'keep-hashes') expect(await gaps(world)).toEqual([])
    const rounds = await database.queries.rounds(world.record.runId)
    const taken = takenIn(inMemory)
    expect(rounds.map((round) => deliveries(round).sort())).toEqual(taken.map((names) => names.sort()))
    const late = taken.flatMap((names, at) => names.filter((name) => !name.startsWith(`train-${at + 1}.`)))
    expect(late.length).toBeGreaterThan(0)
    await database.close()
  })
})
