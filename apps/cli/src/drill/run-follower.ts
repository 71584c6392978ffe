import { setTimeout as sleep } from 'node:timers/promises'
import type { EventView, RoundView, RunView } from '@tessera/protocol'
import { asFedError } from '@tessera/vocabulary'
import type { ApiClient } from '../api-client.ts'

const POLL_MS = 50
/** A coordinator that takes longer to say how a run is counts as away. */
const ANSWER_WITHIN_MS = 5_000
/** A run that is paused because its disk was full goes on by itself. */
const PAUSED_FOR_GOOD_MS = 20_000
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** What is named after the end of a run is there by then. */
const SETTLED_WITHIN_MS = 30_000

/** A run as it is when nothing more happens to it. */
export interface RunEnd {
  readonly id: string
  /** As the coordinator tells it last; null when it never answered. */
  readonly view: RunView | null
  readonly rounds: readonly RoundView[]
  readonly events: readonly EventView[]
  readonly seconds: number
  /** Longest time in which nothing was seen to happen. */
  readonly longestStallMs: number
}

export interface FollowOptions {
  /** When to stop waiting for the run's end; `Infinity` for never. */
  readonly limitMs: number
  readonly changed?: (run: RunView) => void
}

/** Looks at a run again and again, whether its coordinator answers or not. */
export class RunFollower {
  readonly id: string
  /** The run's end, or how far it came within the limit. */
  readonly ended: Promise<RunEnd>
  readonly startedAt = performance.now()
  readonly #api: ApiClient
  readonly #waiting = new Set<() => void>()
  #view: RunView | null = null
  #over = false
  #lifeAt = performance.now()
  #longestStallMs = 0

  constructor(api: ApiClient, id: string, options: FollowOptions) {
    this.#api = api
    this.id = id
    this.ended = this.#follow(options)
  }

  get round(): number {
    return this.#view?.round ?? 0
  }

  get over(): boolean {
    return this.#over
  }

  /** Something was seen to happen. */
  life(): void {
    const now = performance.now()
    this.#longestStallMs = Math.max(this.#longestStallMs, now - this.#lifeAt)
    this.#lifeAt = now
  }

  /** Wait until the run is in this round; false when it ended first. */
  async reach(round: number): Promise<boolean> {
    while (!this.#over && (this.#view === null || this.#view.round < round)) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
    return !this.#over
  }

  /** Wait so long; false when the run ended first. */
  async pass(ms: number): Promise<boolean> {
    await Promise.race([sleep(ms), this.ended])
    return !this.#over
  }

  async #follow({ limitMs, changed }: FollowOptions): Promise<RunEnd> {
    const limit = sleep(Math.min(limitMs, LONGEST_TIMER_MS), null, { ref: false })
    const looking = this.#look(changed)
    await Promise.race([looking, limit])
    this.#over = true
    this.life()
    this.#wake()
    const seconds = (performance.now() - this.startedAt) / 1000
    const longestStallMs = Math.round(this.#longestStallMs)
    return { ...(await settledRun(this.#api, this.id, this.#view)), seconds, longestStallMs }
  }

  async #look(changed: FollowOptions['changed']): Promise<void> {
    let pausedAt = Number.POSITIVE_INFINITY
    while (!this.#over) {
      const late = sleep(ANSWER_WITHIN_MS, null, { ref: false })
      const seen = await Promise.race([unlessAway(this.#api.run(this.id)), late])
      if (seen !== null && JSON.stringify(seen) !== JSON.stringify(this.#view)) {
        this.#view = seen
        this.life()
        changed?.(seen)
        this.#wake()
      }
      const phase = this.#view?.phase
      if (phase === 'finished' || phase === 'abandoned') return
      pausedAt = phase === 'paused' ? Math.min(pausedAt, performance.now()) : Number.POSITIVE_INFINITY
      if (performance.now() - pausedAt > PAUSED_FOR_GOOD_MS) return
      await sleep(POLL_MS)
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** Null while the coordinator or its database does not answer; what will not pass is thrown. */
async function unlessAway<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (thrown) {
    const error = asFedError(thrown)
    if (error.retryable || error.code === 'internal') return null
    throw error
  }
}

/** The whole log, and the adapter's name, which is given after the end. */
async function settledRun(api: ApiClient, id: string, last: RunView | null) {
  let view = last
  for (const deadline = performance.now() + SETTLED_WITHIN_MS; performance.now() < deadline; await sleep(POLL_MS)) {
    view = (await unlessAway(api.run(id))) ?? view
    if (view !== null && (view.phase !== 'finished' || view.adapterHash !== null)) break
  }
  const events: EventView[] = []
  for (;;) {
    const page = (await unlessAway(api.events(id, events.at(-1)?.seq ?? 0))) ?? []
    if (page.length === 0) break
    events.push(...page)
  }
  return { id, view, events, rounds: (await unlessAway(api.rounds(id))) ?? [] }
}
