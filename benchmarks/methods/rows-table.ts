import { markdownTable } from '../federation/markdown-table.ts'
import type { Row } from './bench-case.ts'

const HEAD = [
  'method',
  'aggregator',
  'setting',
  'clients',
  'rate',
  'trained',
  'accuracy',
  'up B/client/round',
  'factors B once',
  'step ms',
  'peak MB',
  'gap',
]

/** The rows as a Markdown table. */
export function rowsTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.method,
    row.aggregator,
    row.setting,
    row.clients,
    row.settings.rate,
    Math.round(row.trained),
    `${(100 * row.accuracy).toFixed(1)} %`,
    Math.round(row.uploadBytesPerClientRound),
    row.factorBytesOnce,
    row.stepMs,
    row.peakMb,
    row.gap === 0 ? '0' : row.gap.toExponential(1),
  ])
  return markdownTable(HEAD, cells)
}
