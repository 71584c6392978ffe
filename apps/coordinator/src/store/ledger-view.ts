import type { PrismaClient, Run } from '@prisma/client'
import type { RunRecord } from '@tessera/federation'
import type { LedgerSplit, LedgerView } from '@tessera/protocol'
import { FedError, type RunId } from '@tessera/vocabulary'
import type { LedgerLine } from '../ledger/byte-ledger.ts'
import { type LedgerCell, ledgerCells } from '../ledger/ledger-cells.ts'
import { splitLedger } from '../ledger/split-ledger.ts'
import { readLedgerLines, readTakenUpdates, type TakenUpdate } from './ledger-rows.ts'
import { runView } from './run-view.ts'
import { fromJson } from './stored-values.ts'

/** What a run moved from a round on, with its floors; these hang on the round before. @throws {FedError} 'unknown-run' */
export async function readLedger(
  client: PrismaClient,
  run: RunId,
  from = 0,
): Promise<{ readonly cells: LedgerCell[]; readonly updates: TakenUpdate[] }> {
  const [{ record }, lines, updates] = await Promise.all([
    rowOf(client, run),
    readLedgerLines(client, run, from),
    readTakenUpdates(client, run, Math.max(0, from - 1)),
  ])
  return { cells: ledgerCells(fromJson<RunRecord>(record).spec, { lines, updates }), updates }
}

/** All that a run moved, or what moved while workers had no work. @throws {FedError} 'unknown-run' */
export async function ledgerView(
  client: PrismaClient,
  run: RunId | null,
  by: readonly LedgerSplit[],
): Promise<LedgerView> {
  if (run === null) {
    const lines = await readLedgerLines(client, null)
    return { runId: null, progress: null, ...splitLedger(lines.map(withoutFloor), by) }
  }
  const [row, { cells }] = await Promise.all([rowOf(client, run), readLedger(client, run)])
  const { phase, round, rounds, finishedAt } = runView(row, { sums: new Map(), metrics: [] })
  return { runId: run, progress: { phase, round, rounds, ended: finishedAt !== null }, ...splitLedger(cells, by) }
}

const withoutFloor = (line: LedgerLine): LedgerCell => ({ ...line, upFloor: 0, downFloor: 0 })

async function rowOf(client: PrismaClient, run: RunId): Promise<Run> {
  const row = await client.run.findUnique({ where: { id: run } })
  if (row === null) throw new FedError('unknown-run', `there is no run ${run}`)
  return row
}
