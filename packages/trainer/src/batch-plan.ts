import { createRandomStream } from '@tessera/math'

/** Batches are cut from windows of this many of them, sorted by length: little padding, and still a random order. */
const WINDOW = 16

export interface BatchPlanOptions {
  /** Tokens of every example. */
  readonly lengths: readonly number[]
  readonly batchSize: number
  readonly seed: number | bigint
  /** What the batches are for: another purpose draws another order. */
  readonly purpose: string
  /** The client's number, an unsigned 32-bit integer. */
  readonly client: number
}

export interface BatchPlan {
  readonly batchesPerEpoch: number
  /** Indices of the examples in the batch of a step, from 0; steps run on over the epochs. Always `batchSize` many. */
  batchAt(step: number): readonly number[]
}

/**
 * Which examples a step sees: a function of the options and the step alone, so a round repeated anywhere, or taken up
 * after a restart, sees the same. An epoch shuffles the examples, fills its last batch up from its own start, sorts
 * windows of 16 batches by length, cuts them into batches and shuffles these.
 */
export function planBatches(options: BatchPlanOptions): BatchPlan {
  const batchesPerEpoch = Math.ceil(options.lengths.length / options.batchSize)
  let held = { epoch: -1, batches: [] as readonly (readonly number[])[] }
  return {
    batchesPerEpoch,
    batchAt(step) {
      const epoch = Math.floor(step / batchesPerEpoch)
      if (held.epoch !== epoch) held = { epoch, batches: epochBatches(options, epoch) }
      return held.batches[step % batchesPerEpoch]!
    },
  }
}

function epochBatches({ lengths, batchSize, seed, purpose, client }: BatchPlanOptions, epoch: number): number[][] {
  const random = createRandomStream({ seed, purpose, round: epoch, client, block: 0 })
  const order = random.shuffle([...lengths.keys()])
  const slots = Math.ceil(order.length / batchSize) * batchSize
  const filled = Array.from({ length: slots }, (_, at) => order[at % order.length]!)
  const byLength = (a: number, b: number): number => lengths[a]! - lengths[b]!
  return chunks(filled, WINDOW * batchSize).flatMap((window) =>
    random.shuffle(chunks(window.toSorted(byLength), batchSize)),
  )
}

/** Consecutive pieces of `size`; the last may be shorter. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
