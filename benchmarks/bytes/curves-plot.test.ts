import { describe, expect, it } from 'vitest'
import { curvesPlot } from './curves-plot.ts'
import { exampleCurve } from './example-curve.ts'

const curves = [
  exampleCurve({ method: 'fedavg' }, [
    [0, 0.5, 0, 0],
    [1, 0.55, 10_000, 10],
    [2, 0.6, 100_000, 20],
  ]),
  exampleCurve({ method: 'ferret', subspace: { name: 'ferret', coordinates: 20 } }, [
    [0, 0.5, 0, 0],
    [2, 0.55, 1000, 22],
  ]),
]
const svg = curvesPlot('Two runs', curves)
const polylines = [...svg.matchAll(/<polyline points="(.*?)"/g)].map(([, points]) => points)

describe('curvesPlot', () => {
  it('draws a line a curve, 1 kB at the left, 100 kB at the right, and not what was measured before anything was sent', () => {
    expect(polylines.map((points) => points!.split(' ').map((place) => Number(place.split(',')[0])))).toEqual([
      [310, 560],
      [60],
    ])
  })

  it('puts the base model at the bottom, and names every curve with its last accuracy', () => {
    expect(svg).toContain('y1="460" x2="560" y2="460" stroke="black"')
    expect(svg).toContain('>fedavg, float32: 60.0 %<')
    expect(svg).toContain('>ferret, float32, k = 20: 55.0 %<')
  })

  it('can draw a single curve without its start', () => {
    expect(curvesPlot('One run', [curves[0]!.slice(1)])).not.toContain('NaN')
  })
})
