import type { RunView } from '@tessera/protocol'
import type { RunQueries } from './run-queries.ts'

const FULL = "the database's disk is full: what is to be stored waits for room on it"

/** Views of runs that say what they wait for while nothing can be written: no event can, and so none tells of it. */
export function sayingWhenFull(queries: RunQueries, isFull: () => boolean): RunQueries {
  const said = (run: RunView): RunView =>
    run.waiting === null || !isFull() ? run : { ...run, waiting: `${FULL}; ${run.waiting}` }
  return {
    ...queries,
    runs: async (limit) => (await queries.runs(limit)).map(said),
    run: async (id) => {
      const run = await queries.run(id)
      return run === null ? null : said(run)
    },
  }
}
