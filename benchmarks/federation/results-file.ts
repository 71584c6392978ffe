import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface Results<Row> {
  /** What the times were measured on. */
  readonly machine: Readonly<Record<string, unknown>>
  readonly rows: readonly Row[]
}

/**
 * Rows that are on disk as soon as they are known, so that a benchmark that is stopped goes on where it was.
 *
 * @param keyOf Equal for two rows of which one takes the other's place.
 * @throws {Error} the file is of another machine: times of two machines are no table.
 */
export function openResults<Row>(file: URL, machine: Results<Row>['machine'], keyOf: (row: Row) => string) {
  const found: Results<Row> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { machine, rows: [] }
  if (JSON.stringify(found.machine) !== JSON.stringify(machine)) {
    throw new Error(`${file.pathname} was measured on another machine; move it away to measure on this one`)
  }
  let rows = found.rows
  return {
    rows: () => rows,
    /** Appends the rows, or puts each in the place of that with the same key; all of them at once. */
    put(...added: readonly Row[]): void {
      for (const row of added) {
        const at = rows.findIndex((known) => keyOf(known) === keyOf(row))
        rows = at < 0 ? [...rows, row] : rows.with(at, row)
      }
      const text = JSON.stringify({ machine, rows }, null, 2)
      const draft = new URL(`${file.href}.part`)
      writeFileSync(draft, `${text}\n`)
      renameSync(draft, file) // whoever stops the benchmark finds the old file or the new one
    },
  }
}
