import { describe, expect, it } from 'vitest'
import { makeBatch } from './make-batch.ts'
import { bucketLength, bucketTargets } from './sequence-bucket.ts'

const first = { tokens: Int32Array.of(0, 5, 6, 7, 0), completionStart: 3, label: null }
const second = { tokens: Int32Array.of(0, 8, 0), completionStart: 2, label: null }

describe('a batch', () => {
  const batch = makeBatch([first, second], 3, 1)

  it('pads its rows at the right, without the last tokens, and missing rows entirely', () => {
    expect(batch.shape).toEqual({ rows: 3, length: 32, targets: 16 })
    expect([...batch.tokens.subarray(0, 6)]).toEqual([0, 5, 6, 7, 1, 1])
    expect([...batch.tokens.subarray(32, 36)]).toEqual([0, 8, 1, 1])
    expect(batch.tokens.subarray(64).every((token) => token === 1)).toBe(true)
  })

  it('predicts each completion token from the position before it', () => {
    expect([...batch.predictors.subarray(0, 3)]).toEqual([2, 3, 33])
    expect([...batch.targets.subarray(0, 3)]).toEqual([7, 0, 0])
    expect([...batch.weights]).toEqual([...new Array(3).fill(Math.fround(1 / 3)), ...new Array(13).fill(0)])
    expect([batch.tokenCount, batch.targetCount]).toEqual([6, 3])
  })
})

it('lengths are bucketed by 32 up to 256 and by powers of two above, targets by powers of two from 16', () => {
  expect([1, 32, 33, 250, 256, 257, 513].map(bucketLength)).toEqual([32, 32, 64, 256, 256, 512, 1024])
  expect([1, 16, 17, 33].map(bucketTargets)).toEqual([16, 16, 32, 64])
})
