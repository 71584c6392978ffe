import type { MetricPoint } from '@tessera/protocol'
import { measured, percent } from '../format.ts'
import type { ChartLine, ChartSpec } from './chart-spec.ts'

/** Loss by round: what each client measured while it trained, and what the run measured on held-out data. */
export function lossChart(metrics: readonly MetricPoint[]): ChartSpec {
  return curves(metrics, { run: 'eval-loss', clients: 'train-loss', strong: 'evaluation', format: measured })
}

/** Accuracy by round on held-out data: of the run, and of each client where they measure it. */
export function accuracyChart(metrics: readonly MetricPoint[]): ChartSpec {
  return curves(metrics, { run: 'eval-accuracy', clients: 'eval-accuracy', strong: 'evaluation', format: percent })
}

/** The first and the last measurement of the run as a whole; null while there is none. */
export function progressOf(metrics: readonly MetricPoint[], name: string): { first: number; last: number } | null {
  const points = metrics
    .filter((point) => point.name === name && point.clientId === null)
    .toSorted((a, b) => a.round - b.round)
  const [first, last] = [points.at(0), points.at(-1)]
  return first === undefined || last === undefined ? null : { first: first.value, last: last.value }
}

interface Curves {
  /** The metric of the run as a whole. */
  readonly run: string
  /** The metric of each client. */
  readonly clients: string
  readonly strong: string
  readonly format: (value: number) => string
}

function curves(metrics: readonly MetricPoint[], { run, clients, strong, format }: Curves): ChartSpec {
  const ofRun = metrics.filter(({ name, clientId }) => name === run && clientId === null)
  const ofClients = metrics.filter(({ name, clientId }) => name === clients && clientId !== null)
  const rounds = [...new Set([...ofRun, ...ofClients].map(({ round }) => round))].sort((a, b) => a - b)
  const ids = [...new Set(ofClients.map(({ clientId }) => String(clientId)))].sort((a, b) => a.localeCompare(b))
  const line = (label: string, look: ChartLine['look'], points: readonly MetricPoint[]): ChartLine => {
    const values = new Map(points.map(({ round, value }) => [round, value]))
    return { label, look, values: rounds.map((round) => values.get(round) ?? null) }
  }
  const faint = ids.map((id) =>
    line(
      id,
      'faint',
      ofClients.filter(({ clientId }) => clientId === id),
    ),
  )
  // The strong line is drawn last and therefore on top.
  return { x: rounds, lines: [...faint, line(strong, 'strong', ofRun)], formatX: String, formatY: format }
}
