import type { Cleanup } from './cleanup.ts'
import type { Deployment } from './deployment.ts'
import type { Moment } from './moments.ts'
import type { FaultPlace, NetworkFault } from './network-fault.ts'
import type { RunFollower } from './run-follower.ts'
import type { Random } from './seeded-random.ts'
import type { Target } from './target.ts'
import type { Victim } from './victims.ts'

/** One way to disturb a run. */
export interface Drill {
  readonly name: string
  /** One line of help. */
  readonly summary: string
  /** Whom it can be done to; the first one when nobody is named. */
  readonly targets: readonly Target[]
  /** How often it is done when nothing is said. */
  readonly times: number
  /** How long it lasts each time when nothing is said; null for the rest of the run. */
  readonly durationMs: number | null
  /** What it puts on the network; null for drills of processes. */
  readonly fault: NetworkFault | null
  /** Do it. Ends when it is done or the run has ended; what is still disturbed then is mended by the caller. */
  disturb(scene: Scene): Promise<void>
}

/** A run under way, and the means to disturb it. */
export interface Scene {
  readonly deployment: Deployment
  readonly run: RunFollower
  readonly random: Random
  /** When to do it, in order. */
  readonly moments: readonly Moment[]
  readonly durationMs: number | null
  readonly places: readonly FaultPlace[]
  readonly cleanup: Cleanup
  /** Whoever is next. */
  victim(): Victim
  /** Write down what was done. */
  did(what: string): void
}

/** Do something at each moment; a run that ends early leaves the rest undone. */
export async function atMoments({ moments, run }: Scene, act: (moment: Moment) => Promise<void>): Promise<void> {
  for (const moment of moments) {
    if (!((await run.reach(moment.round)) && (await run.pass(moment.afterMs)))) return
    await act(moment)
  }
}
