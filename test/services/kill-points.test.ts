import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandomStream } from '@tessera/math'
import type { RoundView, RunView } from '@tessera/protocol'
import { afterAll, beforeAll, expect, it, onTestFailed, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import { BUNDLED_MODEL, bundledRows, endAll, freePort, startTessera, type TesseraProcess } from './tessera-process.ts'

const TOKEN = 'one-for-all'
const NAMES = ['ada', 'bob', 'cyd'] as const
type Name = (typeof NAMES)[number]
/**
 * How often the coordinator is ended, every ninth time by Ctrl-C and else by kill -9, which makes forty kills; every fifth
 * time the database dies before it, every seventh a worker.
 */
const ENDS = 45
const INTERRUPTED_EVERY = 9
/** A kill comes at most so long after a coordinator was started, a worker was let in, or the database was killed. */
const LONGEST_MS = 1500
/** Other moments every time. */
const SEED = Date.now() % 2 ** 31
const random = createRandomStream({ seed: SEED, purpose: 'kill-points', round: 0, client: 0, block: 0 })

let folder: string
let port: number
let url: string
let coordinator: TesseraProcess
const workers = new Map<Name, TesseraProcess>()

const inFolder = (...names: string[]): string => join(folder, ...names)

beforeAll(async () => {
  folder = await temporaryFolder('kill-points')
  port = await freePort()
  url = `http://127.0.0.1:${port}`
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n')
  for (const [at, name] of NAMES.entries()) {
    await writeFile(inFolder(`${name}.jsonl`), rows.slice(20 * at, 20 * at + 12 + at).join('\n'))
  }
  const test = (await readFile(bundledRows('test'), 'utf8')).split('\n')
  await writeFile(inFolder('test.jsonl'), test.slice(0, 12).join('\n'))
  coordinator = startCoordinator()
  await coordinator.document(isUp)
  for (const name of NAMES) startWorker(name)
})

afterAll(async () => {
  await coordinator?.kill('SIGINT') // its database ends with it, and only then can its files go
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

const isUp = (document: object): boolean => 'url' in document

function startCoordinator(): TesseraProcess {
  return startTessera(inFolder('coordinator'), ['up', '--port', `${port}`, '--token', TOKEN, '--db', 'embedded'])
}

function startWorker(name: Name): void {
  const flags = ['--token', TOKEN, '--data', inFolder(`${name}.jsonl`), '--device', 'onnx-cpu', '--threads', '1']
  const args = ['join', url, '--name', name, '--state-dir', inFolder(name), ...flags]
  workers.set(name, startTessera(inFolder('workers'), args))
}

/** A command of a person at the coordinator's machine. */
async function ask(...args: string[]): Promise<unknown> {
  const { exit, documents, said } = await tessera('--server', url, '--token', TOKEN, ...args)
  expect(exit, said).toBe(0)
  return documents.at(-1)
}

/** Four rounds of three clients from a federated sketch; every run of these settings is the same run. */
async function startRun(): Promise<string> {
  const settings = {
    'model': BUNDLED_MODEL,
    'targets': '[q_proj]',
    'data.maxLength': '64',
    'adapter': '{ method: lora-sb, rank: 4, initialStep: 0 }',
    'initialisation': '{ name: federated-sketch, batches: 2 }',
    'train': '{ localSteps: 4, batchSize: 4 }',
    'codec': '{ codec: ternary, density: 0.2 }',
    'downlink': '{ codec: top-k, density: 0.5 }',
    'rounds': '{ total: 4, cohort: { size: 3, quorum: 2 } }',
    'evaluation.file': inFolder('test.jsonl'),
  }
  const flags = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`])
  const { id } = (await ask('run', '--name', 'kill-points', '--seed', '7', ...flags)) as { id: string }
  return id
}

type ShownRun = RunView & { readonly roundViews: readonly RoundView[] }
const show = async (run: string) => (await ask('runs', 'show', run)) as ShownRun

/** What must not depend on who was killed when. */
interface Outcome {
  readonly adapterHash: string
  /** Of every pass and round: its clients, the weight of what they delivered, and what came of it. */
  readonly rounds: readonly string[]
  /** Of every version, as the coordinator measured it. */
  readonly losses: readonly string[]
}

const outcomeOf = (run: string): Promise<Outcome> =>
  vi.waitFor(
    async () => {
      const { adapterHash, phase, metrics, roundViews, message } = await show(run)
      expect([phase, adapterHash, message]).toEqual(['finished', expect.any(String), null])
      const losses = metrics.filter(({ name }) => name === 'eval-loss')
      expect(losses.map(({ round }) => round).sort()).toEqual([0, 1, 2, 3, 4])
      const rounds = roundViews.map(({ kind, round, cohort, coordinatesHash }) => {
        const parts = cohort.map(({ clientId, status, weight }) => `${clientId} ${status} ${weight}`)
        return `${kind} ${round}: ${parts.sort().join(', ')} gave ${coordinatesHash}`
      })
      return {
        adapterHash: adapterHash!,
        rounds,
        losses: losses.map(({ round, value }) => `${round}: ${value}`).sort(),
      }
    },
    { timeout: 120_000, interval: 200 },
  )

const upTo = (limitMs: number): number => random.below(limitMs)
const oneOf = <T>(things: readonly T[]): T => things[random.below(things.length)]!

/** The next time that a worker is let in. */
const workerIsBack = (): Promise<unknown> =>
  Promise.any([...workers.values()].map((worker) => worker.document(({ type }) => type === 'connected')))

/** One life of the coordinator, up to some moment of its start. */
async function liveStarting(): Promise<void> {
  coordinator = startCoordinator()
  await sleep(upTo(LONGEST_MS))
}

/** One life up to some moment after the first worker is back, with `work` as soon as the coordinator answers. */
async function liveWorking(work: () => Promise<void>): Promise<void> {
  const back = workerIsBack()
  coordinator = startCoordinator()
  await coordinator.document(isUp)
  await work()
  await back
  await sleep(upTo(LONGEST_MS))
}

/** kill -9 of the server process that all others of the database are children of. */
async function killDatabase(): Promise<void> {
  const [pid] = (await readFile(inFolder('coordinator', 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
  await sleep(upTo(LONGEST_MS))
}

/** Ctrl-C: a coordinator that is up stops in order, one that is just starting is ended by it. */
async function interruptCoordinator(): Promise<void> {
  const wasUp = coordinator.documents.some(isUp)
  const status = await coordinator.kill('SIGINT')
  expect(status, coordinator.said()).toBeOneOf(wasUp ? [0] : [0, 'SIGINT'])
}

async function killWorker(): Promise<void> {
  const name = oneOf(NAMES)
  await workers.get(name)!.kill('SIGKILL')
  startWorker(name)
}

it('runs of four rounds end with the same bytes, whatever is killed when', { timeout: 600_000 }, async () => {
  onTestFailed(() => console.error(`the kills were those of seed ${SEED}`))
  const calm = await outcomeOf(await startRun())
  const delivered = 'ada delivered 12, bob delivered 13, cyd delivered 14'
  expect(calm.rounds.filter((round) => round.includes(delivered))).toHaveLength(2 + 4) // passes and rounds
  let run = await startRun()
  const goOn = async (): Promise<void> => {
    if ((await show(run)).phase !== 'finished') return
    expect(await outcomeOf(run)).toEqual(calm)
    run = await startRun()
  }
  for (let end = 1; end <= ENDS; end++) {
    await (end % INTERRUPTED_EVERY === 0 ? interruptCoordinator() : coordinator.kill('SIGKILL'))
    if (end % 7 === 0) await killWorker()
    const database = end % 5 === 0
    await (database || random.below(2) === 0 ? liveWorking(goOn) : liveStarting())
    if (database) await killDatabase()
  }
  await coordinator.kill('SIGKILL')
  await liveWorking(goOn)
  expect(await outcomeOf(run)).toEqual(calm)
  for (const { id } of (await ask('runs', 'ls')) as RunView[]) await ask('verify', id, '--strict')
})
