import { accuracyFrame, accuracyScales, LEGEND, round, text } from '../federation/accuracy-frame.ts'
import type { Row } from './bench-case.ts'

/**
 * Accuracy over the bytes that a client sends up in a round (logarithmic), as an SVG. Every row is a numbered point,
 * filled for a method's own defaults and hollow for equal counts; the numbers are told at the side.
 */
export function accuracyPlot(title: string, rows: readonly Row[]): string {
  const scales = accuracyScales(
    rows.map((row) => row.uploadBytesPerClientRound),
    rows.map(({ accuracy }) => accuracy),
  )
  const points = rows.map((row, at) => {
    const place = { x: scales.x.at(row.uploadBytesPerClientRound), y: scales.y.at(row.accuracy) }
    return point(row, at, { ...place, hue: Math.round((360 * at) / rows.length) })
  })
  return accuracyFrame({ title, along: 'up per client and round', ...scales, lines: rows.length }, points)
}

interface Place {
  readonly x: number
  readonly y: number
  readonly hue: number
}

function point(row: Row, at: number, { x, y, hue }: Place): string {
  const colour = `hsl(${hue} 70% 40%)`
  const fill = row.setting === 'paper' ? colour : 'white'
  const [name, line] = [`${at + 1}`, LEGEND.top + LEGEND.line * at]
  const mark = (cx: number, cy: number) =>
    `<circle cx="${round(cx)}" cy="${round(cy)}" r="4" fill="${fill}" stroke="${colour}"/>`
  const clients = `${row.clients} clients, ${(100 * row.accuracy).toFixed(1)} %`
  const label = `${name}  ${row.method} + ${row.aggregator} (${row.setting}), ${clients}`
  return [mark(x, y), text(x + 6, y - 4, name), mark(LEGEND.left, line - 4), text(LEGEND.left + 10, line, label)].join(
    '\n',
  )
}
