/**
 * One life of a process that may end at any moment. What it does to the world outside is counted point by point, and it
 * ends at the point that the test chose. A dead process does nothing any more and hears no answer.
 */
export interface Life {
  readonly over: boolean
  /** The points that were passed, by name. */
  readonly points: readonly string[]
  /** Questions to the world outside that wait for their answer. */
  readonly waiting: number
  /** Settles when the life ends. */
  readonly end: Promise<void>
  /** One point at which this life may end. */
  pass(point: string): void
  /** Asks the world outside; the answer never comes when the life ends first. */
  ask<T>(question: () => Promise<T>): Promise<T>
  /** Does something to the world outside that has no answer, and passes the point after it. */
  act(point: string, deed: () => void): void
}

/** @param points After so many points the life ends; without a number it has no end. */
export function createLife(points = Number.POSITIVE_INFINITY): Life {
  const passed: string[] = []
  let [over, waiting] = [false, 0]
  let toll = () => {}
  const end = new Promise<void>((resolve) => {
    toll = resolve
  })
  const pass = (point: string): void => {
    if (over) return
    passed.push(point)
    over = passed.length >= points
    if (over) toll()
  }
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    if (over) return never()
    waiting += 1
    try {
      const answer = await question()
      return over ? never() : answer
    } catch (error) {
      if (over) return never()
      throw error
    } finally {
      waiting -= 1
    }
  }
  return {
    get over() {
      return over
    },
    get waiting() {
      return waiting
    },
    points: passed,
    end,
    pass,
    ask,
    act: (point, deed) => {
      if (over) return
      deed()
      pass(point)
    },
  }
}

const never = (): Promise<never> => new Promise(() => {})
