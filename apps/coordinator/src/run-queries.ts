import type { EventView, LedgerSplit, LedgerView, MetricPoint, RoundView, RunView, WorkerView } from '@tessera/protocol'
import type { RunId } from '@tessera/vocabulary'

/** What the HTTP interface and the live feed read; everything but live progress comes from the database. */
export interface RunQueries {
  /** Newest first. */
  runs(limit?: number): Promise<readonly RunView[]>
  run(id: RunId): Promise<RunView | null>
  /** Passes first, then rounds, in order; all of them, or the last ones. */
  rounds(id: RunId, last?: number): Promise<readonly RoundView[]>
  metrics(id: RunId): Promise<readonly MetricPoint[]>
  /** Ascending, with seq > after. */
  events(id: RunId, page: { after: number; limit: number }): Promise<readonly EventView[]>
  workers(): Promise<readonly WorkerView[]>
  /** What a run moved over the network, or what moved while workers had no work; split by what is asked for. */
  ledger(id: RunId | null, by: readonly LedgerSplit[]): Promise<LedgerView>
}
