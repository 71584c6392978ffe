import type { RunQueries } from '../run-queries.ts'
import type { ByteLedger } from './byte-ledger.ts'

/** The queries whose answers contain bytes, after what was counted until now has been written. */
export function upToDate(queries: RunQueries, ledger: ByteLedger): RunQueries {
  const after = <Given extends readonly unknown[], Answer>(query: (...given: Given) => Promise<Answer>) => {
    return async (...given: Given): Promise<Answer> => {
      await ledger.flush()
      return query(...given)
    }
  }
  return {
    ...queries,
    run: after(queries.run),
    rounds: after(queries.rounds),
    ledger: after(queries.ledger),
  }
}
