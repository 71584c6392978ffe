import { describe, expect, it } from 'vitest'
import { liveMessage } from './index.ts'

describe('liveMessage', () => {
  const metric = { runId: 'run-1', round: 2, name: 'eval-loss', clientId: null, value: 1.5, at: 1_790_000_000_000 }

  it('takes a metric of a run', () => {
    expect(liveMessage.parse({ type: 'metric', metric })).toEqual({ type: 'metric', metric })
  })

  it('takes the end of a run by its id alone', () => {
    expect(liveMessage.safeParse({ type: 'removed', runId: 'run-1' }).success).toBe(true)
    expect(liveMessage.safeParse({ type: 'removed', runId: '../run-1' }).success).toBe(false)
  })

  it('refuses a number that is not finite and a field that nobody knows', () => {
    const nan = { ...metric, value: Number.NaN }
    expect(liveMessage.safeParse({ type: 'metric', metric: nan }).success).toBe(false)
    expect(liveMessage.safeParse({ type: 'metric', metric: { ...metric, unit: 'nats' } }).success).toBe(false)
    expect(liveMessage.safeParse({ type: 'metric', event: metric }).success).toBe(false)
  })
})
