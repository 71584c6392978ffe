import { type FederationSpec, stepFloorBytes, updateFloorBytes } from '@tessera/federation'
import type { TakenUpdate } from '../store/ledger-rows.ts'
import type { LedgerLine } from './byte-ledger.ts'

/** What was counted at one place for one client, beside the least that it could have been. */
export interface LedgerCell extends LedgerLine {
  readonly upFloor: number
  readonly downFloor: number
}

/**
 * Lines of a run with their floors. Up: what the run's codec says of each update that was taken. Down: whoever fetched
 * coordinates could not have known what the round before added to them; before round 1 nothing is added.
 */
export function ledgerCells(
  spec: Pick<FederationSpec, 'codec' | 'downlink' | 'seed'>,
  { lines, updates }: { lines: readonly LedgerLine[]; updates: readonly TakenUpdate[] },
): LedgerCell[] {
  const lengths = new Map(updates.filter(({ round }) => round > 0).map(({ round, length }) => [round, length]))
  const cells = lines.map((line): LedgerCell => {
    const fetched = line.kind === 'coordinates' && line.down > 0
    const step = fetched ? lengths.get(line.round - 1) : undefined
    return { ...line, upFloor: 0, downFloor: step === undefined ? 0 : stepFloorBytes(spec, step) }
  })
  // As lines of their own: an update that came late is counted in a later round than its bytes.
  for (const { runId, round, pass, clientId, length } of updates) {
    const kind = round === 0 ? 'factors' : 'update'
    const upFloor = updateFloorBytes({ spec, kind: round === 0 ? 'probe' : 'train' }, length)
    cells.push({ runId, round, pass, clientId, kind, up: 0, down: 0, upFloor, downFloor: 0 })
  }
  return cells
}
