import type { Difference, Finding } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import { table } from './terminal.ts'

export type CheckedResult = Extract<Finding, { type: 'result' }>
export type Verdict = Exclude<Finding, CheckedResult>

/** A line for each pass and round. */
export function resultTable(results: readonly CheckedResult[]): string {
  const rows = results.map((result) => [
    nameOf(result.stage).replace(/^round /, ''),
    result.stage === null ? '–' : `${result.updates}`,
    result.check,
    result.made.slice(0, 12),
    'ok',
  ])
  return table(['round', 'updates', 'checked', 'coordinates', ''], rows)
}

/** What was not recomputed, one sentence each; none for a finished run with all that belongs to it. */
export function gapsOf(results: readonly CheckedResult[], verdict: Extract<Verdict, { type: 'end' }>): string[] {
  const gaps = results
    .filter(({ check }) => check !== 'recomputed')
    .map(({ stage, check }) => `${nameOf(stage)}: ${check}`)
  const { open, phase } = verdict
  if (open !== null) gaps.push(`${nameOf(open.stage)} is open: its ${open.updates} updates are as they arrived`)
  return phase === 'finished' || phase === 'abandoned' ? gaps : [...gaps, `the run is ${phase}`]
}

/** The first difference: event, time, field, what is stored, and what was recomputed. */
export function alteredError(difference: Difference): FedError {
  const { seq, event, at, field, stored, recomputed, meaning } = difference
  const place = event === null ? `event ${seq}` : `event ${seq} (${event}, ${new Date(at ?? 0).toISOString()})`
  const values = `${field} is ${shown(stored)}, recomputed ${shown(recomputed)}`
  return new FedError('log-altered', `${place}: ${meaning}; ${values}`, {
    details: { ...difference },
    fix: 'Find out who changed the database; `tessera db restore` brings back a backup from before.',
  })
}

const LONGEST_VALUE = 200

function shown(value: unknown): string {
  const text = value === null ? 'nothing' : JSON.stringify(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

function nameOf(stage: CheckedResult['stage']): string {
  if (stage === null) return 'factors'
  return stage.kind === 'probe' ? `pass ${stage.index + 1}` : `round ${stage.index}`
}
