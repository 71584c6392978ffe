import { openExecutor } from '@tessera/compiler'
import type { SentUpdate } from '@tessera/runs'
import { simulateBundled } from '../federation/simulate-bundled.ts'
import { type BytesCase, type CurvePoint, specOf } from './bench-case.ts'
import { trainingClock } from './training-clock.ts'

/** One federation from its start to its end, and where it stood at every evaluation. */
export async function measureCase(settings: BytesCase): Promise<CurvePoint[]> {
  const clock = trainingClock((await openExecutor('onnx-cpu')).executor, () => performance.now())
  const sent: SentUpdate[] = []
  const measured: { rounds: number; accuracy: number; seconds: number }[] = []
  try {
    await simulateBundled({
      spec: specOf(settings),
      executor: clock.executor,
      log: {
        info() {},
        // An evaluation that fails is told as a warning; nothing shall wait for its end.
        warn(...words) {
          console.warn(...words)
          clock.evaluated()
        },
        error: console.error,
      },
      onUpdate: (update) => sent.push(update),
      onMetrics(metrics) {
        for (const { name, round, value } of metrics) {
          if (name !== 'eval-accuracy') continue
          measured.push({ rounds: round, accuracy: value, seconds: Number(clock.seconds().toFixed(1)) })
          clock.evaluated()
        }
      },
    })
  } finally {
    await clock.executor.dispose()
  }
  return measured.map((point) => ({ ...point, uploadBytesPerClient: sentUntil(point.rounds, sent, settings) }))
}

/** Passes before round 1 are those of round 0. */
function sentUntil(rounds: number, sent: readonly SentUpdate[], { clients }: BytesCase): number {
  const all = sent.filter(({ round }) => round <= rounds)
  return Math.round(all.reduce((sum, { bytes }) => sum + bytes, 0) / clients)
}
