import { expect, it } from 'vitest'
import { optimizerPlace } from './optimizer-place.ts'
import { randomAdapter, randomLlama } from './random-llama.ts'

const { layout } = randomAdapter(randomLlama(3), 4)

/** What is drawn first for a matrix of the layout. */
const drawn = (key: { seed: number | bigint; round: number }, matrix = 0) => {
  const values = new Float32Array(4)
  optimizerPlace(layout, key).random(matrix).fillUniform(values, 1)
  return values
}

it('an optimizer draws the same at every client of a round, and other numbers for another seed, round or matrix', () => {
  expect(drawn({ seed: 7, round: 1 })).toEqual(drawn({ seed: 7, round: 1 }))
  expect(drawn({ seed: 7n, round: 1 })).toEqual(drawn({ seed: 7, round: 1 }))
  const others = [drawn({ seed: 8, round: 1 }), drawn({ seed: 7, round: 2 }), drawn({ seed: 7, round: 1 }, 1)]
  for (const other of others) expect(other).not.toEqual(drawn({ seed: 7, round: 1 }))
})

it('the matrices of an optimizer fill the coordinates without gaps', () => {
  const { length, matrices } = optimizerPlace(layout, { seed: 7, round: 1 })
  let end = 0
  for (const { offset, rows, cols } of matrices) {
    expect(offset).toBe(end)
    end += rows * cols
  }
  expect(end).toBe(length)
})
