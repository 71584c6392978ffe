import { describe, expect, it } from 'vitest'
import { exampleRow } from './example-row.ts'
import { accuracyPlot } from './plot.ts'

const rows = [
  exampleRow({}, { uploadBytesPerClientRound: 1_000, accuracy: 0.5 }),
  exampleRow({}, { uploadBytesPerClientRound: 100_000, accuracy: 0.6, setting: 'equal' }),
  exampleRow({ clients: 30 }, { uploadBytesPerClientRound: 10_000, accuracy: 0.55 }),
]
const svg = accuracyPlot('Three runs', rows)
const circles = [...svg.matchAll(/<circle cx="(.+?)" cy="(.+?)" r="4" fill="(.+?)"/g)].map((found) => found.slice(1))

describe('accuracyPlot', () => {
  it('spreads 1 kB to 100 kB over the frame, with 10 kB in the middle', () => {
    const inFrame = circles.filter(([x]) => x !== '590')
    expect(inFrame.map(([x]) => Number(x))).toEqual([60, 560, 310])
    for (const label of ['1 kB', '10 kB', '100 kB']) expect(svg).toContain(`>${label}<`)
  })

  it('puts the least accuracy at the bottom, the greatest near the top, and 55 % between them', () => {
    const [low, high, middle] = circles.filter(([x]) => x !== '590').map(([, y]) => Number(y))
    expect(low).toBe(460)
    expect(middle).toBeCloseTo((low + high) / 2, 1)
    expect(high).toBeLessThan(middle)
  })

  it('draws hollow what has equal counts, and tells each row with its clients', () => {
    expect(circles.filter(([, , fill]) => fill === 'white')).toHaveLength(2)
    expect(svg).toContain('3  lora + factor-mean (paper), 30 clients, 55.0 %')
  })

  it('can draw a single row', () => {
    expect(accuracyPlot('One run', rows.slice(0, 1))).not.toContain('NaN')
  })
})
