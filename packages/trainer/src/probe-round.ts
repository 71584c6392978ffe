import { makeBatch } from './make-batch.ts'
import { type MeanGradientOptions, meanGradient } from './mean-gradient.ts'
import { type ProbeRows, probeRows } from './probe-rows.ts'

export interface ProbeRoundOptions extends Omit<MeanGradientOptions, 'batches' | 'coordinates'>, ProbeRows {}

/**
 * A client's part of a pass of a federated gradient sketch: the mean descent direction, minus the gradient, of the probe
 * layout's trained factors at zero, flat in the layout's order.
 *
 * @throws {FedError} `empty-data`; `not-finite`; `cancelled`.
 */
export async function probeRound(options: ProbeRoundOptions): Promise<Float32Array> {
  const { session, batchSize, onProgress, signal } = options
  const batches = probeRows(options).map((rows) => makeBatch(rows, batchSize, session.padId))
  const coordinates = new Float32Array(session.layout.length)
  const reports = { ...(onProgress && { onProgress }), ...(signal && { signal }) }
  const gradient = await meanGradient({ session, batches, coordinates, ...reports })
  return gradient.map((value) => -value)
}
