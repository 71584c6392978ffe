import { byteKind, type LedgerEntry, type LedgerSplit, type LedgerView } from '@tessera/protocol'
import type { LedgerCell } from './ledger-cells.ts'

/** The cells added up by what is asked for, in the order of rounds, kinds and names, and all of them together. */
export function splitLedger(
  cells: readonly LedgerCell[],
  by: readonly LedgerSplit[],
): Pick<LedgerView, 'entries' | 'total'> {
  const entries = new Map<string, LedgerEntry>()
  let total = NOTHING
  for (const cell of cells) {
    const place = {
      client: by.includes('client') ? cell.clientId : null,
      round: by.includes('round') ? cell.round : null,
      kind: by.includes('kind') ? cell.kind : null,
    }
    const key = `${place.client} ${place.round} ${place.kind}`
    entries.set(key, { ...place, ...added(entries.get(key) ?? NOTHING, cell) })
    total = added(total, cell)
  }
  return { entries: [...entries.values()].sort(inOrder), total }
}

const NOTHING: LedgerView['total'] = { uploadBytes: 0, uploadFloorBytes: 0, downloadBytes: 0, downloadFloorBytes: 0 }

function added(sum: LedgerView['total'], { up, upFloor, down, downFloor }: LedgerCell): LedgerView['total'] {
  return {
    uploadBytes: sum.uploadBytes + up,
    uploadFloorBytes: sum.uploadFloorBytes + upFloor,
    downloadBytes: sum.downloadBytes + down,
    downloadFloorBytes: sum.downloadFloorBytes + downFloor,
  }
}

function inOrder(a: LedgerEntry, b: LedgerEntry): number {
  const rounds = (a.round ?? 0) - (b.round ?? 0)
  const kinds = (kind: LedgerEntry['kind']) => (kind === null ? 0 : byteKind.options.indexOf(kind))
  const names = (a.client ?? '').localeCompare(b.client ?? '', 'en', { numeric: true })
  return rounds || kinds(a.kind) - kinds(b.kind) || names
}
