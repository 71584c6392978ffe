import { setTimeout as sleep } from 'node:timers/promises'
import type { RunView } from '@tessera/protocol'
import { FedError } from '@tessera/vocabulary'
import type { ApiClient } from './api-client.ts'
import { type Bar, percent, type Terminal } from './terminal.ts'

const POLL_MS = 500

/** Last value of a metric of a run, null before the first. */
export function lastMetric(run: RunView, name: string): number | null {
  return run.metrics.filter((metric) => metric.name === name).at(-1)?.value ?? null
}

/**
 * Follow a run to its end with progress bars: its rounds, and each worker's steps.
 *
 * @throws {FedError} `run-failed` when it is abandoned, or paused until somebody resumes it. A pause
 * that the coordinator ends by itself, for a full disk, is waited for.
 */
export async function watchRun(client: ApiClient, id: string, terminal: Terminal): Promise<RunView> {
  const bars = terminal.bars()
  const workers = new Map<string, Bar>()
  let rounds: Bar | null = null
  try {
    for (;;) {
      const run = await client.run(id)
      rounds ??= bars.add('rounds', run.rounds)
      rounds.set(committedRounds(run), noteOf(run))
      for (const { clientId, step, steps, loss } of await client.workers()) {
        if (steps === 0) continue
        const bar = workers.get(clientId) ?? bars.add(clientId, steps)
        workers.set(clientId, bar)
        bar.total(steps)
        bar.set(step, loss === null ? '' : `loss ${loss.toFixed(3)}`)
      }
      if (run.phase === 'finished') return run
      if (run.phase === 'abandoned' || (run.phase === 'paused' && !run.resumesByItself)) throw failed(run)
      await sleep(POLL_MS)
    }
  } finally {
    bars.stop()
  }
}

const committedRounds = (run: RunView): number => (run.phase === 'finished' ? run.rounds : Math.max(0, run.round - 1))

function noteOf(run: RunView): string {
  const accuracy = lastMetric(run, 'eval-accuracy')
  if (run.resumesByItself && run.waiting !== null) return `${run.phase}, ${run.waiting}`
  return accuracy === null ? run.phase : `${run.phase}, accuracy ${percent(accuracy)}`
}

function failed({ id, phase, message }: RunView): FedError {
  return new FedError('run-failed', `run ${id} is ${phase}: ${message ?? 'no reason was given'}`, {
    fix: phase === 'paused' ? `Mend the cause, then: tessera runs resume ${id}` : 'Start a new run.',
  })
}
