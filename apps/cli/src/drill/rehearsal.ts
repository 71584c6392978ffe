import { readFile } from 'node:fs/promises'
import type { RunSpec } from '@tessera/runs'
import { FedError } from '@tessera/vocabulary'
import colors from 'picocolors'
import { parseSpecFromHere, readSpecFile } from '../spec-file.ts'
import type { Terminal } from '../terminal.ts'
import type { Cleanup } from './cleanup.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { type Watched, watchDisturbed } from './disturbed-run.ts'
import { doDrill, type Subject } from './do-drill.ts'
import type { Drill } from './drill.ts'
import { type DrillOptions, placesOf } from './drill-options.ts'
import type { FaultPlace } from './network-fault.ts'
import { type NamespaceAbility, namespaceAbility } from './network-namespace.ts'
import type { RunEnd } from './run-follower.ts'
import { type Scorecard, scorecardText } from './scorecard.ts'
import { smallRun, writeSmallData } from './small-run.ts'

type PlacesByDrill = ReadonlyMap<Drill, readonly FaultPlace[]>

/** What `tessera drill --json` prints. */
export interface DrillReport {
  readonly seed: number
  /** The undisturbed run; null when a run was followed that was there already. */
  readonly reference: { readonly run: string; readonly adapterHash: string | null; readonly seconds: number } | null
  readonly scorecards: readonly Scorecard[]
  readonly passed: boolean
}

const NO_NAMESPACES: NamespaceAbility = { links: false, netem: false, reason: null }

/**
 * Start what is needed, run once undisturbed, then once for each drill, up to the first that fails: what it leaves
 * behind is nothing to go on with. All that is made is held by `cleanup`; state and logs go to `folder`.
 */
export async function rehearse(
  options: DrillOptions,
  { folder, terminal, cleanup }: { folder: string; terminal: Terminal; cleanup: Cleanup },
): Promise<DrillReport> {
  const places = await placesOfAll(options, cleanup)
  const dataFiles = await dataFilesOf(options, folder)
  const run = options.run === undefined ? { spec: await specOf(options, dataFiles.length) } : { id: options.run }
  const { device, seed, live, databaseUrl } = options
  const namespaces = [...places.values()].some((those) => those.includes('kernel'))
  terminal.say(`Starting ${live === undefined ? 'a deployment of its own' : 'workers of its own'} in ${folder}`)
  const deployment = await startDeployment(
    { folder, dataFiles, device, seed, namespaces, ...(live && { live }), ...(databaseUrl && { databaseUrl }) },
    cleanup,
  )
  await deployment.mend()
  const reference = 'id' in run ? null : (await undisturbed(deployment, run, terminal)).end
  const scorecards: Scorecard[] = []
  const plan = await planOf(deployment, run)
  for (const drill of options.drills) {
    const means = { options, places: places.get(drill) ?? [], terminal, cleanup }
    const card = await doDrill(drill, { deployment, run, reference, ...plan }, means)
    terminal.show(scorecardText(card))
    scorecards.push(card)
    if (!card.passed) break
  }
  const passed = scorecards.every((card) => card.passed)
  return { seed, reference: reference && summaryOf(reference), scorecards, passed }
}

const summaryOf = ({ id, view, seconds }: RunEnd) => ({ run: id, adapterHash: view?.adapterHash ?? null, seconds })

async function planOf({ api }: Deployment, run: Subject['run']): Promise<Pick<Subject, 'quorum' | 'rounds' | 'round'>> {
  const { spec } = 'spec' in run ? run : await api.record(run.id)
  const { total: rounds, cohort } = spec.rounds
  return { rounds, quorum: cohort.quorum, round: 'spec' in run ? 0 : (await api.run(run.id)).round }
}

/** Where each drill's fault is made. @throws {FedError} `namespaces-missing` */
async function placesOfAll({ drills, network }: DrillOptions, cleanup: Cleanup): Promise<PlacesByDrill> {
  const needed = network !== 'proxy' && drills.some(({ fault }) => fault !== null)
  const tried = needed
    ? await cleanup.hold(
        () => namespaceAbility(),
        async () => {},
      )
    : null
  const ability = tried ?? NO_NAMESPACES
  return new Map(drills.map((drill) => [drill, placesOf(drill.fault, network, ability)]))
}

async function dataFilesOf({ dataFiles, live }: DrillOptions, folder: string): Promise<readonly string[]> {
  for (const file of dataFiles) {
    await readFile(file).catch((cause: unknown) => {
      throw new FedError('file-not-found', `the data file ${file} can not be read`, { cause, fix: 'Check --data.' })
    })
  }
  return live === undefined && dataFiles.length === 0 ? writeSmallData(folder) : dataFiles
}

/** @throws {FedError} `invalid-config`: more clients are needed than there will be. */
async function specOf({ specFile, live }: DrillOptions, clients: number): Promise<RunSpec> {
  if (specFile === undefined) return smallRun(clients)
  const spec = parseSpecFromHere(await readSpecFile({ file: specFile }))
  const { size } = spec.rounds.cohort
  if (live !== undefined || size <= clients) return spec
  throw new FedError('invalid-config', `a cohort of ${size} needs ${size} workers, and there is data for ${clients}`, {
    fix: 'Give as many --data files, or make rounds.cohort.size smaller.',
  })
}

/** @throws {FedError} `run-failed`: it does not even finish when nobody disturbs it. */
async function undisturbed(deployment: Deployment, run: { spec: RunSpec }, terminal: Terminal): Promise<Watched> {
  const bars = terminal.bars()
  const watched = await watchDisturbed(deployment, { name: 'undisturbed', run, limitMs: Infinity }, bars).finally(() =>
    bars.stop(),
  )
  const { view, seconds } = watched.end
  if (view?.phase === 'finished') {
    terminal.say(`${colors.green('undisturbed')}: ${seconds.toFixed(1)} s, adapter ${view.adapterHash}`)
    return watched
  }
  const reason = `${view?.phase ?? 'not known'}: ${view?.message ?? 'no reason was given'}`
  throw new FedError('run-failed', `the undisturbed run is ${reason}`, { fix: 'Mend that before a drill.' })
}
