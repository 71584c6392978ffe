/** A clock that stands still until the test moves it. */
export interface FakeClock {
  now(): number
  wakeAt(at: number, wake: () => void): () => void
  /** Moves on to `at` and wakes whoever asked for a time up to it, in order of these times. */
  advanceTo(at: number): void
  /** When the next sleeper wants to be woken; null when nobody sleeps. */
  nextWake(): number | null
}

export function createFakeClock(start = 0): FakeClock {
  let time = start
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()
  const first = () => [...sleepers].sort((a, b) => a.at - b.at)[0]
  return {
    now: () => time,
    wakeAt: (at, wake) => {
      const sleeper = { at, wake }
      sleepers.add(sleeper)
      return () => sleepers.delete(sleeper)
    },
    advanceTo: (at) => {
      for (let next = first(); next !== undefined && next.at <= at; next = first()) {
        sleepers.delete(next)
        time = Math.max(time, next.at)
        next.wake()
      }
      time = Math.max(time, at)
    },
    nextWake: () => first()?.at ?? null,
  }
}
