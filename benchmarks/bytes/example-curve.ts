import { type BytesCase, type Curve, type CurvePoint, rowsOf } from './bench-case.ts'

/** A curve for tests: points as [rounds, accuracy, bytes, seconds]. */
export function exampleCurve(
  changed: Partial<BytesCase> & Pick<BytesCase, 'method'>,
  points: readonly (readonly [number, number, number, number])[],
): Curve {
  const settings: BytesCase = {
    adapter: { method: 'full' },
    targets: 'all',
    initialisation: { name: 'none' },
    aggregator: { rule: 'weighted-mean' },
    subspace: { name: 'none' },
    codec: { codec: 'float32' },
    optimizer: { name: 'sgd', learningRate: 0.2 },
    clients: 3,
    rounds: 2,
    steps: 5,
    seed: 1,
    testRows: 100,
    every: 1,
    ...changed,
  }
  const measured = points.map(([rounds, accuracy, uploadBytesPerClient, seconds]): CurvePoint => {
    return { rounds, accuracy, uploadBytesPerClient, seconds }
  })
  return rowsOf(settings, measured)
}
