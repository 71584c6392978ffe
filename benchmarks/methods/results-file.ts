import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { caseKey, type PlannedCase, type Row } from './bench-case.ts'

export interface Results {
  /** What the times were measured on. */
  readonly machine: Readonly<Record<string, unknown>>
  readonly rows: readonly Row[]
}

/**
 * Rows that are on disk as soon as they are known, so that a benchmark that is stopped goes on where it was.
 *
 * @throws {Error} the file is of another machine: times of two machines are no table.
 */
export function openResults(file: URL, machine: Results['machine']) {
  const found: Results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { machine, rows: [] }
  if (JSON.stringify(found.machine) !== JSON.stringify(machine)) {
    throw new Error(`${file.pathname} was measured on another machine; move it away to measure on this one`)
  }
  let rows = found.rows
  return {
    rows: () => rows,
    /** Appends the row, or puts it in the place of that of the same case. */
    put(row: Row): void {
      const key = keyOf(row)
      const at = rows.findIndex((known) => keyOf(known) === key)
      rows = at < 0 ? [...rows, row] : rows.with(at, row)
      const text = JSON.stringify({ machine, rows }, null, 2)
      const draft = new URL(`${file.href}.part`)
      writeFileSync(draft, `${text}\n`)
      renameSync(draft, file) // whoever stops the benchmark finds the old file or the new one
    },
  }
}

/** The row of a case that was run before with the very same settings. */
export function knownRow(rows: readonly Row[], planned: PlannedCase): Row | undefined {
  const key = keyOf(planned)
  return rows.find((row) => keyOf(row) === key)
}

const keyOf = ({ setting, settings }: PlannedCase): string => `${setting} ${caseKey(settings)}`
