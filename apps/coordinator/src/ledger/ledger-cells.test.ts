import { clientId, runId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { ledgerCells } from './ledger-cells.ts'
import { splitLedger } from './split-ledger.ts'

const run = runId('a')
const spec = { codec: { codec: 'float16' }, downlink: { codec: 'none' }, seed: 7 }
const [ada, bob] = [clientId('ada'), clientId('bob')]

const line = (round: number, kind: 'update' | 'coordinates' | 'control', client = ada) => ({
  ...{ runId: run, round, pass: 0, clientId: client, kind },
  ...(kind === 'coordinates' ? { up: 0, down: 1000 } : { up: 300, down: 50 }),
})
const taken = (round: number, client = ada) => ({
  ...{ runId: run, round, pass: 0, clientId: client, length: 100, size: 210 },
})

it('sets 200 bytes beside an update of 100 float16, and the 400 of a plain step beside what fetched it', () => {
  const lines = [line(1, 'update'), line(1, 'coordinates'), line(2, 'coordinates'), line(2, 'coordinates', bob)]
  const { entries, total } = splitLedger(ledgerCells(spec, { lines, updates: [taken(1), taken(0, bob)] }), [
    'round',
    'kind',
  ])
  expect(
    entries.map(({ round, kind, uploadFloorBytes, downloadFloorBytes }) => [
      ...[round, kind, uploadFloorBytes, downloadFloorBytes],
    ]),
  ).toEqual([
    [0, 'factors', 400, 0],
    [1, 'coordinates', 0, 0],
    [1, 'update', 200, 0],
    [2, 'coordinates', 0, 800],
  ])
  expect(total).toEqual({ uploadBytes: 300, uploadFloorBytes: 600, downloadBytes: 3050, downloadFloorBytes: 800 })
})

it('splits by client with whoever said no hello, and by nothing into one', () => {
  const cells = ledgerCells(spec, {
    lines: [line(1, 'update', bob), line(1, 'control'), line(2, 'update')],
    updates: [],
  })
  const byClient = splitLedger([...cells, { ...cells[0]!, clientId: null }], ['client'])
  expect(byClient.entries.map(({ client, uploadBytes }) => [client, uploadBytes])).toEqual([
    [null, 300],
    ['ada', 600],
    ['bob', 300],
  ])
  expect(splitLedger(cells, []).entries).toEqual([
    { client: null, round: null, kind: null, ...splitLedger(cells, []).total },
  ])
})
