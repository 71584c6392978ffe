import { type MetricPoint, metricPoint } from '@tessera/protocol'
import { describe, expect, it } from 'vitest'
import { accuracyChart, lossChart, progressOf } from './curves.ts'

const point = (name: string, round: number, value: number, clientId: string | null = null): MetricPoint =>
  metricPoint.parse({ runId: 'demo', name, round, value, clientId, at: round })

const metrics = [
  point('eval-loss', 0, 2.5),
  point('train-loss', 1, 2.25, 'north'),
  point('train-loss', 1, 2.0, 'south'),
  point('eval-loss', 1, 1.5),
  point('train-loss', 2, 1.75, 'south'),
  point('eval-accuracy', 1, 0.5),
]

describe('curves', () => {
  it('puts clients and the run over one axis of rounds, with gaps where nothing was measured', () => {
    const { x, lines } = lossChart(metrics)
    expect(x).toEqual([0, 1, 2])
    expect(lines).toEqual([
      { label: 'north', look: 'faint', values: [null, 2.25, null] },
      { label: 'south', look: 'faint', values: [null, 2, 1.75] },
      { label: 'evaluation', look: 'strong', values: [2.5, 1.5, null] },
    ])
  })

  it('shows accuracy in percent', () => {
    const { x, lines, formatY } = accuracyChart(metrics)
    expect([x, lines.map(({ label }) => label), formatY(0.5)]).toEqual([[1], ['evaluation'], '50.0 %'])
  })

  it('knows the first and the last measurement, in any order of arrival', () => {
    expect(progressOf(metrics.toReversed(), 'eval-loss')).toEqual({ first: 2.5, last: 1.5 })
    expect(progressOf(metrics, 'train-loss')).toBe(null)
  })
})
