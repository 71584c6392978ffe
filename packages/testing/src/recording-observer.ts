import type { Observer, RunRecord, RunState, StoredMetric, TimedEvent } from '@tessera/federation'

/** An observer that keeps what it was told, and lets a test wait for a state. */
export interface RecordingObserver extends Observer {
  readonly events: readonly TimedEvent[]
  readonly metrics: readonly StoredMetric[]
  /** The first state, from the last known one on, for which this holds. */
  until(holds: (state: RunState) => boolean): Promise<RunState>
}

export function createRecordingObserver(): RecordingObserver {
  const events: TimedEvent[] = []
  const metrics: StoredMetric[] = []
  const waiting = new Set<(state: RunState) => void>()
  let last: RunState | null = null
  return {
    events,
    metrics,
    changed: (_record: RunRecord, state, event) => {
      events.push(event)
      last = state
      for (const look of [...waiting]) look(state)
    },
    measured: (_record, measured) => void metrics.push(...measured),
    until: (holds) =>
      new Promise((resolve) => {
        const look = (state: RunState) => {
          if (!holds(state)) return
          waiting.delete(look)
          resolve(state)
        }
        waiting.add(look)
        if (last !== null) look(last)
      }),
  }
}
