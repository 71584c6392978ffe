import { type LedgerView, ledgerView } from '@tessera/protocol'
import { expect, it } from 'vitest'
import { ledgerCsv, ledgerTable, soFar } from './ledger-table.ts'

const sum = { uploadBytes: 1500, uploadFloorBytes: 1000, downloadBytes: 20, downloadFloorBytes: 0 }
const view = (part: object): LedgerView =>
  ledgerView.parse({
    ...{ runId: 'a', progress: null, total: sum },
    entries: [{ client: null, round: null, kind: null, ...sum, ...part }],
  })

it('says what moved, the floor, and how many times the floor it is; nothing where there is no floor', () => {
  const lines = ledgerTable(view({ kind: 'update' }), 'kind').split('\n')
  const cells = (text: string) => text.split(/[│|]/).map((cell) => cell.trim())
  const row = lines.map(cells).find((found) => found[1] === 'update')
  expect(row?.slice(1, -1)).toEqual(['update', '1.5 kB', '1.0 kB', '1.50 ×', '20 B', '–', '–'])
  expect(lines.map(cells).some((found) => found[1] === 'total')).toBe(true)
  expect(ledgerTable(view({ round: 0 }), 'round')).toContain('start')
  expect(ledgerTable(view({}), 'client')).toContain('(no hello)')
})

it('says of a run that goes on how far it is, and nothing of one that has ended', () => {
  const progress = { phase: 'training', round: 3, rounds: 12, ended: false }
  expect(soFar({ ...view({}), progress })).toBe('so far: the run is training, round 3 of 12')
  expect([soFar({ ...view({}), progress: { ...progress, ended: true } }), soFar(view({}))]).toEqual([null, null])
})

it('writes plain numbers for programs', () => {
  expect(ledgerCsv(view({ round: 2 }), 'round')).toBe(
    'round,uploadBytes,uploadFloorBytes,downloadBytes,downloadFloorBytes\n2,1500,1000,20,0',
  )
})
