import type { RunSpec } from '@tessera/runs'
import { bundledSpec } from '../federation/bundled.ts'
import { caseKey } from '../federation/case-key.ts'

/** Everything that one run depends on: two runs of the same case give the same accuracy, bytes and gap. */
export interface BenchCase {
  readonly adapter: Readonly<Record<string, unknown>> & { readonly method: string }
  readonly initialisation: Readonly<Record<string, unknown>> & { readonly name: string }
  readonly aggregator: string
  readonly clients: number
  readonly rounds: number
  /** Optimizer steps of a client in a round. */
  readonly steps: number
  readonly rate: number
  readonly seed: number
  /** Test rows that accuracy is measured on, after the last round. */
  readonly testRows: number
}

/** How the options were chosen: the method's defaults, or those whose count is nearest to the reference's. */
export type Setting = 'paper' | 'equal'

export interface PlannedCase {
  readonly setting: Setting
  readonly settings: BenchCase
}

/** What a run gave; sizes in bytes, MB of 10⁶ bytes. */
export interface Measures {
  readonly accuracy: number
  /** Mean over rounds of a client's encoded update. */
  readonly uploadBytesPerClientRound: number
  /** The encoded frozen factors that a client fetches once, before round 1; 0 where all are derived from the seed. */
  readonly factorBytesOnce: number
  /** Median time of one compiled forward and backward pass. */
  readonly stepMs: number
  readonly peakMb: number
  /** Mean over rounds of the aggregation gap; 0 for an exact mean. */
  readonly gap: number
  /** Mean over rounds of the numbers that a client trains. */
  readonly trained: number
}

export interface Row extends Measures, PlannedCase {
  readonly method: string
  readonly aggregator: string
  readonly clients: number
}

export const rowOf = (planned: PlannedCase, measures: Measures): Row => {
  const { adapter, aggregator, clients } = planned.settings
  return { method: adapter.method, aggregator, clients, ...measures, ...planned }
}

/** Equal for two runs of the same case: one takes the other's place. */
export const keyOf = ({ setting, settings }: PlannedCase): string => `${setting} ${caseKey(settings)}`

/** The row of a case that was run before with the very same settings. */
export function knownRow(rows: readonly Row[], planned: PlannedCase): Row | undefined {
  const key = keyOf(planned)
  return rows.find((row) => keyOf(row) === key)
}

/** The run of a case. */
export function specOf({ adapter, initialisation, aggregator, rate, ...plan }: BenchCase): RunSpec {
  const optimizer = { name: 'adamw', learningRate: rate }
  return bundledSpec(
    { ...plan, optimizer, every: plan.rounds },
    { adapter, initialisation, aggregator: { rule: aggregator } },
  )
}

type Plan = Pick<BenchCase, 'rounds' | 'steps' | 'seed'>

export const samePlan = (one: Plan, other: Plan): boolean =>
  one.rounds === other.rounds && one.steps === other.steps && one.seed === other.seed

/** For every method, rule, number of clients and setting the row of the best rate and start; in order of appearance. */
export function bestRows(rows: readonly Row[]): Row[] {
  const best = new Map<string, Row>()
  for (const row of rows) {
    const group = [row.method, row.aggregator, row.clients, row.setting].join()
    const known = best.get(group)
    if (known === undefined || row.accuracy > known.accuracy) best.set(group, row)
  }
  return [...best.values()]
}

/**
 * The rate that served the nearest case best: the same method, rule and plan, at the same setting if there is such a
 * row, with any number of clients. No rate where nothing is known.
 */
export function bestRate(rows: readonly Row[], { setting, settings }: PlannedCase): readonly number[] {
  const near = rows.filter(
    (row) =>
      row.method === settings.adapter.method &&
      row.aggregator === settings.aggregator &&
      samePlan(row.settings, settings),
  )
  const same = near.filter((row) => row.setting === setting)
  const [best] = (same.length > 0 ? same : near).toSorted((a, b) => b.accuracy - a.accuracy)
  return best === undefined ? [] : [best.settings.rate]
}
