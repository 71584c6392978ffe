import { type FactorSet, sentFactors, unflatten } from '@tessera/adapters'
import { openExecutor } from '@tessera/compiler'
import { encodeFactors, roundLayout, type StoredMetric, trainLayout } from '@tessera/federation'
import type { SimulationResult } from '@tessera/runs'
import { simulateBundled } from '../federation/simulate-bundled.ts'
import { type BenchCase, type Measures, specOf } from './bench-case.ts'
import { timedExecutor } from './timed-executor.ts'

/** One federation from its start to its end, and what it gave. The peak is of this process: one case, one process. */
export async function measureCase(settings: BenchCase): Promise<Measures> {
  const opened = await openExecutor('onnx-cpu')
  const { executor, gradientMs } = timedExecutor(opened.executor)
  const metrics: StoredMetric[] = []
  const sentBytes: number[] = []
  try {
    const result = await simulateBundled({
      spec: specOf(settings),
      executor,
      onMetrics: (measured) => metrics.push(...measured),
      onUpdate: ({ kind, bytes }) => void (kind === 'train' && sentBytes.push(bytes)),
    })
    const valuesOf = (name: string) => metrics.filter((metric) => metric.name === name).map(({ value }) => value)
    // Passes of an initialisation come before all rounds, so the last gradients are those of the steps.
    const steps = gradientMs.slice(-settings.rounds * settings.steps * settings.clients)
    return {
      accuracy: valuesOf('eval-accuracy').at(-1) ?? Number.NaN,
      uploadBytesPerClientRound: mean(sentBytes),
      ...sizesOf(result),
      stepMs: Number(median(steps).toPrecision(3)),
      peakMb: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
      gap: mean(valuesOf('aggregation-gap')),
    }
  } finally {
    await executor.dispose()
  }
}

function sizesOf({ record, frozen, coordinates }: SimulationResult) {
  const layout = trainLayout(record)
  const factors = { ...frozen, ...unflatten(layout, coordinates) }
  const rounds = Array.from({ length: record.spec.rounds.total }, (_, at) => at + 1)
  return {
    factorBytesOnce: fileBytes(sentFactors(layout, factors)),
    trained: mean(rounds.map((round) => roundLayout(record, round).length)),
  }
}

const fileBytes = (factors: FactorSet): number =>
  Object.keys(factors).length === 0 ? 0 : encodeFactors(factors).byteLength

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
