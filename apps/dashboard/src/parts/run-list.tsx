import type { RunView } from '@tessera/protocol'
import type { RunId } from '@tessera/vocabulary'
import { progressOf } from '../charts/curves.ts'
import { ago, duration, percent } from '../format.ts'
import { addressOf, goTo } from '../route.ts'
import { PhaseBadge } from './badge.tsx'
import { Link } from './link.tsx'

interface RunListProps {
  readonly runs: readonly RunView[]
  readonly selected: RunId | null
  readonly now: number
  readonly loaded: boolean
}

export function RunList({ runs, selected, now, loaded }: RunListProps) {
  return (
    <nav className="runs" aria-labelledby="runs-title">
      <h2 id="runs-title">
        Runs <span className="count">{runs.length}</span>
      </h2>
      {loaded && runs.length === 0 && <p className="empty">None yet.</p>}
      <ul>
        {runs.map((run) => (
          <li key={run.id}>
            <Link to={addressOf(run.id)} className="run-line" current={run.id === selected} onFollow={goTo}>
              <RunLine run={run} now={now} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function RunLine({ run, now }: { readonly run: RunView; readonly now: number }) {
  const accuracy = progressOf(run.metrics, 'eval-accuracy')
  return (
    <>
      <span className="run-name">{run.name}</span>
      <PhaseBadge phase={run.phase} />
      <progress max={run.rounds} value={run.round} aria-label={`Round ${run.round} of ${run.rounds}`} />
      <span className="run-facts">
        <span>
          {run.round}/{run.rounds} · {run.method} {run.rank}
        </span>
        {accuracy && <b>{percent(accuracy.last)}</b>}
        <time dateTime={new Date(run.createdAt).toISOString()} title={`made ${ago(run.createdAt, now)}`}>
          {duration(now - run.createdAt)}
        </time>
      </span>
    </>
  )
}
