import { type BenchCase, type Row, rowOf } from './bench-case.ts'

/** A row for tests, of made-up numbers that are easily recognised. */
export function exampleRow(changed: Partial<BenchCase> = {}, measured: Partial<Row> = {}): Row {
  const settings: BenchCase = {
    adapter: { method: 'lora', rank: 8 },
    initialisation: { name: 'random' },
    aggregator: 'factor-mean',
    clients: 3,
    rounds: 2,
    steps: 5,
    rate: 0.01,
    seed: 1,
    testRows: 100,
    ...changed,
  }
  const measures = { uploadBytesPerClientRound: 1000, factorBytesOnce: 0, stepMs: 2, peakMb: 300, gap: 0, trained: 250 }
  return { ...rowOf({ setting: 'paper', settings }, { accuracy: 0.5, ...measures }), ...measured }
}
