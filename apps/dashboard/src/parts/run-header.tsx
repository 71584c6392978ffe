import type { RunView } from '@tessera/protocol'
import { progressOf } from '../charts/curves.ts'
import { ago, duration, percent } from '../format.ts'
import { PhaseBadge } from './badge.tsx'
import { Controls } from './controls.tsx'
import type { Steering } from './steering.ts'

/** Name, phase, what it is about, and what can be done to it. */
export function RunHeader({ run, now, ...controls }: Steering & { readonly now: number }) {
  const gap = progressOf(run.metrics, 'aggregation-gap')
  return (
    <header className="run-header">
      <div>
        <h1>
          {run.name} <PhaseBadge phase={run.phase} />
        </h1>
        <p className="facts">
          <span>
            {run.method}
            {run.rank === null ? '' : `, rank ${run.rank}`}
          </span>
          <span>seed {run.seed}</span>
          <span>made {ago(run.createdAt, now)}</span>
          {run.startedAt !== null && <span>{timeTaken(run, run.startedAt, now)}</span>}
          {gap !== null && <span>{gap.last === 0 ? 'exact averages' : `averages off by ${percent(gap.last)}`}</span>}
          {run.waiting && <span>{run.waiting}</span>}
        </p>
      </div>
      <Controls run={run} {...controls} />
      {run.message && (
        <p className="notice" role="status">
          {run.message}
        </p>
      )}
    </header>
  )
}

function timeTaken({ finishedAt }: RunView, startedAt: number, now: number): string {
  return finishedAt === null ? `running for ${duration(now - startedAt)}` : `took ${duration(finishedAt - startedAt)}`
}
