import type { RunSpec } from '@tessera/runs'
import { asFedError } from '@tessera/vocabulary'
import type { Terminal } from '../terminal.ts'
import type { Cleanup } from './cleanup.ts'
import type { Deployment } from './deployment.ts'
import { type Watched, watchDisturbed } from './disturbed-run.ts'
import type { Drill } from './drill.ts'
import type { DrillOptions } from './drill-options.ts'
import { checkInvariants, delivered } from './invariants.ts'
import { type Moment, momentText, randomMoments } from './moments.ts'
import type { FaultPlace } from './network-fault.ts'
import { type ProxyCounts, tallyDifference } from './proxy-tally.ts'
import type { RunEnd, RunFollower } from './run-follower.ts'
import type { Deed, Scorecard, Seen } from './scorecard.ts'
import { type Random, seededRandom } from './seeded-random.ts'
import { verification } from './verification.ts'
import { victims } from './victims.ts'

/** What the drills are done to. */
export interface Subject {
  readonly deployment: Deployment
  /** What is run; a run that is there already has its own. */
  readonly run: { readonly spec: RunSpec } | { readonly id: string }
  readonly reference: RunEnd | null
  readonly quorum: number
  /** Rounds of a run, and the one that a run which is followed is in; else 0. */
  readonly rounds: number
  readonly round: number
}

export interface DrillMeans {
  readonly options: DrillOptions
  readonly places: readonly FaultPlace[]
  readonly terminal: Terminal
  readonly cleanup: Cleanup
}

/** A run that is disturbed may take this many times as long as one that is not, and a minute more. */
const PATIENCE = 20
const PATIENCE_MS = 60_000
/** A round of a run of which nothing is known. */
const ROUND_MS = 2_000

/** One disturbed run, and what is to be said of it. */
export async function doDrill(drill: Drill, subject: Subject, means: DrillMeans): Promise<Scorecard> {
  const { deployment, run, reference, quorum } = subject
  const { options, places, terminal } = means
  const random = seededRandom(`${options.seed} drill ${drill.name}`)
  const proxies = () => deployment.workers.map(({ proxy }) => proxy.counts())
  const [deeds, before, bars] = [[] as Deed[], proxies(), terminal.bars()]
  const limitMs = reference === null ? Infinity : PATIENCE * 1000 * reference.seconds + PATIENCE_MS
  const troubles: string[] = []
  const disturbed = disturbance(drill, { subject, means, random, deeds })
  const disturb = (follower: RunFollower): Promise<void> =>
    disturbed(follower).catch((error: unknown) => void troubles.push(asFedError(error).message))
  const watched = await watchDisturbed(deployment, { name: drill.name, run, limitMs, disturb }, bars).finally(() =>
    bars.stop(),
  )
  const traffic = tallyDifference(before, proxies())
  const { end, acknowledged, endedByThemselves } = watched
  const replayed = await verification(deployment.api, end.id)
  await deployment.mend().catch((error: unknown) => void troubles.push(asFedError(error).message))
  const invariants = checkInvariants({
    ...{ end, reference, quorum, acknowledged },
    troubles: [...troubles, ...endedByThemselves],
    verification: replayed,
    disturbances: disturbances(drill, places, deeds, traffic),
  })
  const passed = invariants.every(({ verdict }) => verdict !== 'fail')
  const { seed } = options
  return {
    drill: drill.name,
    run: end.id,
    seed,
    network: places,
    deeds,
    seen: seenIn(watched, traffic),
    invariants,
    passed,
  }
}

interface Disturbance {
  readonly subject: Subject
  readonly means: DrillMeans
  readonly random: Random
  readonly deeds: Deed[]
}

function disturbance(
  drill: Drill,
  { subject, means, random, deeds }: Disturbance,
): (run: RunFollower) => Promise<void> {
  const { deployment } = subject
  const { options, places, terminal, cleanup } = means
  const durationMs = options.durationMs ?? drill.durationMs
  const target =
    options.target !== undefined && drill.targets.includes(options.target) ? options.target : drill.targets[0]
  const moments = momentsOf(drill, { subject, means, random, deeds })
  terminal.say(`drill ${drill.name}, seed ${options.seed}: ${moments.map(momentText).join(', ')}`)
  return async (run) => {
    const did = (what: string): void => {
      deeds.push({ atMs: Math.round(performance.now() - run.startedAt), round: run.round, what })
    }
    const victim = drill.fault === null ? victims(deployment, target, random, options.pids) : noVictim
    await drill.disturb({ deployment, run, random, moments, durationMs, places, cleanup, victim, did })
  }
}

const noVictim = (): never => {
  throw new RangeError('a drill of the network has no process for a victim')
}

/** What a network has for the whole run it has from the beginning; in a run that is followed, what is left of it counts. */
function momentsOf(drill: Drill, { subject, means, random }: Disturbance): readonly Moment[] {
  const { atRound, durationMs = drill.durationMs, times = drill.times, pids } = means.options
  if (durationMs === null && drill.fault !== null) return [{ round: atRound ?? 0, afterMs: 0 }]
  const { reference, rounds, round } = subject
  const roundMs = reference === null ? ROUND_MS : shortestRoundMs(reference)
  const plan = { times: pids.length > 0 ? pids.length : times, from: round, to: rounds, roundMs }
  return randomMoments(random, { ...plan, ...(atRound !== undefined && { atRound }) })
}

/** The first rounds of a worker take longer than the others, and a moment has to lie within its round. */
function shortestRoundMs({ rounds }: RunEnd): number {
  const lengths = rounds.flatMap(({ startedAt, committedAt }) =>
    committedAt === null ? [] : [committedAt - startedAt],
  )
  return lengths.reduce((shortest, length) => Math.min(shortest, length), ROUND_MS)
}

/** The proxies count what they do; what is done otherwise is written down. */
function disturbances(
  { fault }: Drill,
  places: readonly FaultPlace[],
  deeds: readonly Deed[],
  traffic: ProxyCounts,
): number {
  if (fault === null || fault.kind === 'partition' || !places.includes('proxy')) return deeds.length
  return traffic.delayed + traffic.damaged + traffic.repeated + traffic.swapped
}

function seenIn({ end, reconnects }: Watched, traffic: ProxyCounts): Seen {
  const committed = end.rounds.filter(({ committedAt }) => committedAt !== null)
  return {
    seconds: end.seconds,
    rounds: committed.filter(({ kind }) => kind === 'train').length,
    updates: committed.reduce((sum, round) => sum + delivered(round).length, 0),
    duplicatesRefused: traffic.duplicatesRefused,
    reconnects,
    longestStallMs: end.longestStallMs,
    traffic,
  }
}
