import { useMemo } from 'react'
import { Chart } from '../charts/chart.tsx'
import { accuracyChart, lossChart } from '../charts/curves.ts'
import type { LiveState } from '../live/live-state.ts'
import { Events } from './events.tsx'
import { Headline } from './headline.tsx'
import { RunHeader } from './run-header.tsx'
import type { Steering } from './steering.ts'
import { Traffic } from './traffic.tsx'
import { Workers } from './workers.tsx'

interface RunPageProps extends Steering {
  readonly live: LiveState
  readonly now: number
  readonly theme: string
}

const NO_DETAIL = { rounds: [], metrics: [], events: [] }

/** Everything about one run. */
export function RunPage({ run, live, api, access, askForToken, now, theme }: RunPageProps) {
  const { rounds, metrics, events } = live.detail?.runId === run.id ? live.detail : NO_DETAIL
  const loss = useMemo(() => lossChart(metrics), [metrics])
  const accuracy = useMemo(() => accuracyChart(metrics), [metrics])
  return (
    <article className="run">
      <RunHeader {...{ run, api, access, askForToken, now }} />
      <Headline run={run} rounds={rounds} metrics={metrics} />
      <div className="pair">
        <Chart title="Loss" spec={loss} theme={theme} empty="The curve starts with the first measurement." />
        <Chart title="Accuracy" spec={accuracy} theme={theme} empty="The curve starts with the first evaluation." />
      </div>
      <Workers run={run} workers={live.workers} now={now} />
      <Traffic rounds={rounds} theme={theme} />
      <Events events={events} />
    </article>
  )
}
