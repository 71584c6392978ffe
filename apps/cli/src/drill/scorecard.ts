import colors from 'picocolors'
import { table } from '../terminal.ts'
import type { Invariant } from './invariants.ts'
import type { FaultPlace } from './network-fault.ts'
import type { ProxyCounts } from './proxy-tally.ts'

/** One thing that was done to a run. */
export interface Deed {
  /** Milliseconds since the run was there. */
  readonly atMs: number
  readonly round: number
  /** For people: what was done to whom. */
  readonly what: string
}

/** What a drill did, saw and found. */
export interface Scorecard {
  readonly drill: string
  readonly run: string
  readonly seed: number
  /** Where faults of the network were made; empty for drills that make none. */
  readonly network: readonly FaultPlace[]
  readonly deeds: readonly Deed[]
  readonly seen: Seen
  readonly invariants: readonly Invariant[]
  /** No invariant failed. */
  readonly passed: boolean
}

export interface Seen {
  readonly seconds: number
  readonly rounds: number
  /** Updates in committed rounds, passes of the initialisation included. */
  readonly updates: number
  readonly duplicatesRefused: number
  /** Times that a worker introduced itself again. */
  readonly reconnects: number
  readonly longestStallMs: number
  /** What passed the proxies and what they did to it. */
  readonly traffic: ProxyCounts
}

const MARKS = {
  pass: () => colors.green('PASS'),
  fail: () => colors.red('FAIL'),
  skipped: () => colors.dim('----'),
} as const

export function scorecardText(card: Scorecard): string {
  const { drill, run, seed, network, deeds, seen, invariants, passed } = card
  const where = network.length === 0 ? '' : `, by ${network.join(' and ')}`
  return [
    `${colors.bold(`drill ${drill}`)}: ${passed ? MARKS.pass() : MARKS.fail()}  run ${run}, seed ${seed}${where}`,
    ...deeds.map(({ atMs, round, what }) => `  ${(atMs / 1000).toFixed(2).padStart(7)} s  round ${round}  ${what}`),
    table(['seen', ''], seenRows(seen)),
    table(
      ['', 'invariant', ''],
      invariants.map(({ name, verdict, detail }) => [MARKS[verdict](), name, detail]),
    ),
  ].join('\n')
}

function seenRows({ traffic, ...seen }: Seen): string[][] {
  const done = [
    [traffic.delayed, 'delayed'],
    [traffic.damaged, 'damaged'],
    [traffic.repeated, 'sent twice'],
    [traffic.swapped, 'swapped with the next'],
  ] as const
  const disturbed = done.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return [
    ['rounds, updates counted', `${seen.rounds}, ${seen.updates}`],
    ['duplicates refused', `${seen.duplicatesRefused}`],
    ['reconnects', `${seen.reconnects}`],
    ['connections cut, refused', `${traffic.cut}, ${traffic.refused}`],
    ['messages through the proxies', [`${traffic.messages}`, ...disturbed].join(', ')],
    ['longest stall', `${(seen.longestStallMs / 1000).toFixed(1)} s`],
    ['all of it', `${seen.seconds.toFixed(1)} s`],
  ]
}
