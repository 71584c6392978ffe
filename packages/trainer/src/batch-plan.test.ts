import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planBatches } from './batch-plan.ts'

const options = (lengths: readonly number[], batchSize: number) => ({
  lengths,
  batchSize,
  seed: 5,
  purpose: 'batches',
  client: 2,
})
const epoch = (plan: ReturnType<typeof planBatches>, from = 0) =>
  Array.from({ length: plan.batchesPerEpoch }, (_, at) => plan.batchAt(from * plan.batchesPerEpoch + at))

describe('a batch plan', () => {
  it('shows every example once an epoch, and fills the last batch up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 90 }),
        fc.integer({ min: 1, max: 8 }),
        (lengths, size) => {
          const plan = planBatches(options(lengths, size))
          const batches = epoch(plan, 1)
          expect(batches.every((batch) => batch.length === size)).toBe(true)
          const seen = batches.flat()
          expect(new Set(seen).size).toBe(lengths.length)
          expect(seen.length - lengths.length).toBeLessThan(size)
        },
      ),
    )
  })

  it('gives a step the same batch whether or not the steps before were asked for', () => {
    const lengths = Array.from({ length: 50 }, (_, at) => (at * 7) % 31)
    const plan = planBatches(options(lengths, 4))
    const inOrder = Array.from({ length: 40 }, (_, step) => plan.batchAt(step))
    for (const step of [39, 3, 20, 0]) expect(planBatches(options(lengths, 4)).batchAt(step)).toEqual(inOrder[step])
  })

  it('orders every epoch and every client anew', () => {
    const lengths = new Array(64).fill(10)
    const plan = planBatches(options(lengths, 4))
    expect(epoch(plan, 0)).not.toEqual(epoch(plan, 1))
    expect(epoch(planBatches({ ...options(lengths, 4), client: 3 }))).not.toEqual(epoch(plan, 0))
    expect(epoch(planBatches({ ...options(lengths, 4), purpose: 'probe' }))).not.toEqual(epoch(plan, 0))
  })

  it('pads little: batches of one window hold neighbours in length', () => {
    const lengths = Array.from({ length: 256 }, (_, at) => at)
    const batches = epoch(planBatches(options(lengths, 16)))
    for (const batch of batches) {
      const sorted = batch.map((index) => lengths[index]!).sort((a, b) => a - b)
      expect(sorted.at(-1)! - sorted[0]!).toBe(15)
    }
  })

  it('repeats a client with fewer examples than a batch', () => {
    const batch = planBatches(options([3, 4, 5], 8)).batchAt(0)
    expect([0, 1, 2].map((index) => batch.filter((each) => each === index).length).sort()).toEqual([2, 3, 3])
  })
})
