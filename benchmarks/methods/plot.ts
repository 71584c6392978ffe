import type { Row } from './bench-case.ts'

const WIDTH = 960
const LINE = 15
const FRAME = { left: 60, right: 560, top: 40, bottom: 460 }
const LEGEND = { left: 590, top: 48 }

/**
 * Accuracy over the bytes that a client sends up in a round (logarithmic), as an SVG. Every row is a numbered point,
 * filled for a method's own defaults and hollow for equal counts; the numbers are told at the side.
 */
export function accuracyPlot(title: string, rows: readonly Row[]): string {
  const x = scale(
    rows.map((row) => Math.log10(row.uploadBytesPerClientRound)),
    FRAME.left,
    FRAME.right,
  )
  const y = scale(
    rows.map(({ accuracy }) => 100 * accuracy),
    FRAME.bottom,
    FRAME.top,
  )
  const points = rows.map((row, at) => {
    const place = { x: x.at(Math.log10(row.uploadBytesPerClientRound)), y: y.at(100 * row.accuracy) }
    return point(row, at, { ...place, hue: Math.round((360 * at) / rows.length) })
  })
  const height = Math.max(FRAME.bottom + 50, LEGEND.top + LINE * rows.length + 20)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(FRAME.left, 22, title, 'font-size="14" font-weight="bold"'),
    ...x.ticks.map((tick) => verticalTick(x.at(tick), bytes(10 ** tick))),
    ...y.ticks.map((tick) => horizontalTick(y.at(tick), `${tick} %`)),
    text((FRAME.left + FRAME.right) / 2, FRAME.bottom + 38, 'up per client and round', 'text-anchor="middle"'),
    ...points,
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  readonly x: number
  readonly y: number
  readonly hue: number
}

function point(row: Row, at: number, { x, y, hue }: Place): string {
  const colour = `hsl(${hue} 70% 40%)`
  const fill = row.setting === 'paper' ? colour : 'white'
  const [name, line] = [`${at + 1}`, LEGEND.top + LINE * at]
  const mark = (cx: number, cy: number) =>
    `<circle cx="${round(cx)}" cy="${round(cy)}" r="4" fill="${fill}" stroke="${colour}"/>`
  const clients = `${row.clients} clients, ${(100 * row.accuracy).toFixed(1)} %`
  const label = `${name}  ${row.method} + ${row.aggregator} (${row.setting}), ${clients}`
  return [mark(x, y), text(x + 6, y - 4, name), mark(LEGEND.left, line - 4), text(LEGEND.left + 10, line, label)].join(
    '\n',
  )
}

interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

/** Whole values around all that are given, at most eight ticks apart by the same step. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))]
  const step = Math.max(1, Math.ceil((high - low) / 7))
  const count = Math.max(1, Math.ceil((high - low) / step))
  return {
    ticks: Array.from({ length: count + 1 }, (_, at) => low + at * step),
    at: (value) => from + ((value - low) / (count * step)) * (to - from),
  }
}

const round = (value: number): number => Math.round(10 * value) / 10

const text = (x: number, y: number, content: string, style = ''): string =>
  `<text x="${round(x)}" y="${round(y)}" ${style}>${content}</text>`

const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`

const verticalTick = (x: number, label: string): string =>
  `${line(x, FRAME.top, x, FRAME.bottom)}${text(x, FRAME.bottom + 16, label, 'text-anchor="middle"')}`

const horizontalTick = (y: number, label: string): string =>
  `${line(FRAME.left, y, FRAME.right, y)}${text(FRAME.left - 6, y + 4, label, 'text-anchor="end"')}`

const bytes = (count: number): string => {
  if (count >= 1e6) return `${count / 1e6} MB`
  return count >= 1e3 ? `${count / 1e3} kB` : `${count} B`
}
