import type { LedgerEntry, LedgerSplit, LedgerView } from '@tessera/protocol'
import { bytes, table } from './terminal.ts'

type Sum = LedgerView['total']

/** The ledger for people: what moved each way, its floor, and how many times the floor it is. */
export function ledgerTable({ entries, total }: LedgerView, by: LedgerSplit): string {
  const head = [by, 'up', 'floor', 'ratio', 'down', 'floor', 'ratio']
  const rows = entries.map((entry) => [nameOf(entry, by), ...figures(entry)])
  return table(head, [...rows, ['total', ...figures(total)]])
}

/** The ledger for programs: a header and a line an entry, plain numbers of bytes. */
export function ledgerCsv({ entries }: LedgerView, by: LedgerSplit): string {
  const head = [by, ...FIGURES].join(',')
  return [head, ...entries.map((entry) => [entry[by] ?? '', ...FIGURES.map((name) => entry[name])].join(','))].join(
    '\n',
  )
}

/** Of a run that goes on, the ledger is not the last word; null when it is. */
export function soFar({ progress }: LedgerView): string | null {
  if (progress === null || progress.ended) return null
  const { phase, round, rounds } = progress
  return `so far: the run is ${phase}, round ${round} of ${rounds}`
}

const FIGURES = [
  'uploadBytes',
  'uploadFloorBytes',
  'downloadBytes',
  'downloadFloorBytes',
] as const satisfies (keyof Sum)[]

function figures({ uploadBytes, uploadFloorBytes, downloadBytes, downloadFloorBytes }: Sum): string[] {
  return [...beside(uploadBytes, uploadFloorBytes), ...beside(downloadBytes, downloadFloorBytes)]
}

function beside(moved: number, floor: number): string[] {
  return floor === 0 ? [bytes(moved), '–', '–'] : [bytes(moved), bytes(floor), `${(moved / floor).toFixed(2)} ×`]
}

function nameOf(entry: LedgerEntry, by: LedgerSplit): string {
  if (by === 'round') return entry.round === 0 ? 'start' : `${entry.round}`
  return entry[by] ?? '(no hello)'
}
