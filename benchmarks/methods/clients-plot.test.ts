import { describe, expect, it } from 'vitest'
import { clientsPlot } from './clients-plot.ts'
import { exampleRow } from './example-row.ts'

const rows = [
  exampleRow({ clients: 3 }, { accuracy: 0.6 }),
  exampleRow({ clients: 30 }, { accuracy: 0.5 }),
  exampleRow({ clients: 30, rate: 0.1 }, { accuracy: 0.54 }),
  exampleRow({ clients: 3, rounds: 4 }, { accuracy: 0.62 }),
  exampleRow({ clients: 30, rounds: 4 }, { accuracy: 0.58 }),
  exampleRow({ clients: 10, rounds: 9 }, { accuracy: 0.1 }),
]
const svg = clientsPlot('Two plans', rows)
const lines = [...svg.matchAll(/<polyline points="(.+?)"/g)].map(([, points]) =>
  points!.split(' ').map((place) => place.split(',').map(Number)),
)

describe('clientsPlot', () => {
  it('draws a line a plan, from the fewest clients at the left to the most at the right', () => {
    expect(lines).toHaveLength(2)
    expect(lines.map((places) => places.map(([x]) => x))).toEqual([
      [60, 560],
      [60, 560],
    ])
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2) // the line and that of the legend
    expect(svg).toContain('lora + factor-mean (paper), 2 × 5 steps')
  })

  it('takes the best row at each number of clients: 54 % of two rates', () => {
    const [first, second] = lines as [number[][], number[][]]
    const height = (place: number[] | undefined): number => place![1]!
    expect(height(first[1])).toBe(460) // the least accuracy of all is at the bottom
    const share = (height(first[0]) - height(second[1])) / (height(first[0]) - height(first[1]))
    expect(share).toBeCloseTo((0.6 - 0.58) / (0.6 - 0.54), 2)
  })

  it('leaves out what was run with one number of clients only', () => {
    expect(svg).not.toContain('9 × 5')
    expect(svg).not.toContain('>10<')
  })
})
