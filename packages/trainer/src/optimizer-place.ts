import type { AdapterLayout } from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import type { OptimizerPlace, TrainedMatrix } from './local-optimizer.ts'

/** The trained matrices of a layout, and the streams that every client of a round draws alike. */
export function optimizerPlace(
  layout: AdapterLayout,
  { seed, round }: { seed: number | bigint; round: number },
): OptimizerPlace {
  return { length: layout.length, matrices: trainedMatrices(layout), random: streams(seed, round) }
}

export function trainedMatrices({ segments }: Pick<AdapterLayout, 'segments'>): TrainedMatrix[] {
  return segments.map(({ factor, offset, rows, cols }) => ({ factor, offset, rows, cols }))
}

/** Vectors of these lengths, one after the other: a place without a layout. */
export function placeOf(lengths: readonly number[], seed = 0): OptimizerPlace {
  let length = 0
  const matrices = lengths.map((cols) => {
    const matrix = { factor: 'v', offset: length, rows: 1, cols }
    length += cols
    return matrix
  })
  return { length, matrices, random: streams(seed, 1) }
}

const streams = (seed: number | bigint, round: number) => (matrix: number) =>
  createRandomStream({ seed, purpose: 'optimizer', round, client: 0, block: matrix })
