import type { Clock } from '@tessera/federation'

/** setTimeout's longest wait; a later time is reached in several. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  wakeAt(at, wake) {
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const left = at - Date.now()
      timer = left > LONGEST_WAIT_MS ? setTimeout(wait, LONGEST_WAIT_MS) : setTimeout(wake, Math.max(0, left))
    }
    wait()
    return () => clearTimeout(timer)
  },
}
