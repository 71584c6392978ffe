import type { Run } from '@prisma/client'
import { passCount, type RunRecord, type RunState, waitsFor } from '@tessera/federation'
import type { ClientView, MetricPoint, RunView } from '@tessera/protocol'
import { blobHash, clientId } from '@tessera/vocabulary'
import { fromJson } from './stored-values.ts'
import { waitingText } from './waiting-text.ts'

/** What the tables of assignments, metrics and the ledger add up to for one client of a run. */
export interface ClientSums {
  readonly rounds: number
  readonly uploadBytes: number
  readonly downloadBytes: number
  readonly lastLoss: number | null
}

export const NOTHING_YET: ClientSums = { rounds: 0, uploadBytes: 0, downloadBytes: 0, lastLoss: null }

/** A run as people see it. Who is connected is the last that its state knows. */
export function runView(
  row: Run,
  { sums, metrics }: { sums: ReadonlyMap<string, ClientSums>; metrics: readonly MetricPoint[] },
): RunView {
  const record = fromJson<RunRecord>(row.record)
  const state = fromJson<RunState>(row.state)
  const { spec } = record
  const passes = passCount(record)
  const waiting = waitsFor(record, state)
  return {
    id: record.runId,
    name: row.name,
    phase: state.phase,
    round: state.stage?.kind === 'train' ? state.stage.index : state.round,
    rounds: spec.rounds.total,
    pass: passesDone(state, passes),
    passes,
    method: spec.adapter.method,
    rank: typeof spec.adapter.rank === 'number' ? spec.adapter.rank : null,
    seed: String(spec.seed),
    createdAt: row.createdAt.getTime(),
    startedAt: row.startedAt?.getTime() ?? null,
    finishedAt: row.finishedAt?.getTime() ?? null,
    message: state.message,
    waiting: waitingText(waiting),
    resumesByItself: waiting?.for === 'room',
    clients: Object.entries(state.members).map(([id, { examples, present }]): ClientView => {
      return { clientId: clientId(id), connected: present, examples, ...(sums.get(id) ?? NOTHING_YET) }
    }),
    metrics: [...metrics],
    adapterHash: row.adapterHash === null ? null : blobHash(row.adapterHash),
    logHead: state.head,
  }
}

function passesDone({ stage, factors }: RunState, passes: number): number {
  if (factors !== null) return passes
  return stage?.kind === 'probe' ? stage.index : 0
}
