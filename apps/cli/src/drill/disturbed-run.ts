import type { RunSpec } from '@tessera/runs'
import type { Bars } from '../terminal.ts'
import type { Deployment } from './deployment.ts'
import type { Acknowledged } from './invariants.ts'
import { type RunEnd, RunFollower } from './run-follower.ts'

/** What was seen of one run from its beginning to its end, besides what the coordinator tells. */
export interface Watched {
  readonly end: RunEnd
  readonly acknowledged: readonly Acknowledged[]
  /** Times that a worker introduced itself. */
  readonly reconnects: number
  /** `drill-1 ended by itself with 70`, for each process that ended without being asked to. */
  readonly endedByThemselves: readonly string[]
}

export interface RunPlan {
  readonly name: string
  /** A new run of this specification, or one that is there. */
  readonly run: { readonly spec: RunSpec } | { readonly id: string }
  readonly limitMs: number
  /** Done to the run while it goes on. */
  readonly disturb?: (run: RunFollower) => Promise<void>
}

/** Start or follow a run, do something to it, and watch it to its end. */
export async function watchDisturbed(deployment: Deployment, plan: RunPlan, bars: Bars): Promise<Watched> {
  const { api } = deployment
  const acknowledged: Acknowledged[] = []
  let reconnects = 0
  let run: RunFollower | null = null
  const silence = deployment.listen((clientId, report) => {
    if (report.type === 'progress' || report.type === 'delivered') run?.life()
    if (report.type === 'connected') reconnects += 1
    if (report.type !== 'delivered') return
    acknowledged.push({ clientId, kind: report.kind as Acknowledged['kind'], round: report.round as number })
  })
  const before = endings(deployment).length
  const id = 'id' in plan.run ? plan.run.id : await api.createRun(plan.run.spec)
  const bar = bars.add(plan.name, 1)
  try {
    run = new RunFollower(api, id, {
      limitMs: plan.limitMs,
      changed({ phase, round, rounds }) {
        bar.total(rounds)
        bar.set(phase === 'finished' ? rounds : Math.max(0, round - 1), phase)
      },
    })
    const [end] = await Promise.all([run.ended, plan.disturb?.(run)])
    return { end, acknowledged, reconnects, endedByThemselves: endings(deployment).slice(before) }
  } finally {
    silence()
  }
}

/** How every process of the deployment ended by itself until now. */
function endings({ coordinator, workers }: Deployment): string[] {
  const processes = [...(coordinator === null ? [] : [coordinator]), ...workers.map(({ process }) => process)]
  return processes.flatMap(({ name, endedByItself }) =>
    endedByItself.map((how) => `${name} ended by itself with ${how}`),
  )
}
