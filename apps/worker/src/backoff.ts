/** Pauses between attempts: each twice as long as the one before, up to a limit, and never the same for everyone. */
export interface Backoff {
  /** The next pause in ms: half to all of min(longest, first · 2^n) after n pauses. */
  next(): number
  /** Begin again with the first pause. */
  reset(): void
}

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
  /** Uniform in [0, 1); another one makes a test's pauses known. */
  readonly random?: () => number
}

export function createBackoff({ firstMs, longestMs, random = Math.random }: BackoffOptions): Backoff {
  let pause = firstMs
  return {
    next() {
      const now = pause
      pause = Math.min(longestMs, 2 * pause)
      return now * (0.5 + 0.5 * random())
    },
    reset() {
      pause = firstMs
    },
  }
}
