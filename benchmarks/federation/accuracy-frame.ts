const WIDTH = 960
export const FRAME = { left: 60, right: 560, top: 40, bottom: 460 }
export const LEGEND = { left: 590, top: 48, line: 15 }

/** Where a plot has its values, and the words around it. */
export interface AccuracyFrame {
  readonly title: string
  /** What x is. */
  readonly along: string
  /** Of a tick of x; bytes by their power of ten where it is absent. */
  readonly tickLabel?: (value: number) => string
  readonly x: Scale
  readonly y: Scale
  /** Lines of the legend. */
  readonly lines: number
}

/** The scales of accuracies (0 … 1) over bytes (logarithmic, > 0). */
export function accuracyScales(bytes: readonly number[], accuracies: readonly number[]): { x: Scale; y: Scale } {
  return {
    x: scale(bytes.map(Math.log10), FRAME.left, FRAME.right, Math.log10),
    y: accuracyScale(accuracies),
  }
}

export function accuracyScale(accuracies: readonly number[]): Scale {
  const percent = (accuracy: number): number => 100 * accuracy
  return scale(accuracies.map(percent), FRAME.bottom, FRAME.top, percent)
}

/** An SVG of accuracy over x: axes and words, and the marks in them. */
export function accuracyFrame(
  { title, along, tickLabel = (power) => bytes(10 ** power), x, y, lines }: AccuracyFrame,
  marks: readonly string[],
): string {
  const height = Math.max(FRAME.bottom + 50, LEGEND.top + LEGEND.line * lines + 20)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>${title}: accuracy over ${along}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(FRAME.left, 22, title, 'font-size="14" font-weight="bold"'),
    ...x.ticks.map(({ at, value }) => verticalTick(at, tickLabel(value))),
    ...y.ticks.map(({ at, value }) => horizontalTick(at, `${value} %`)),
    text((FRAME.left + FRAME.right) / 2, FRAME.bottom + 38, along, 'text-anchor="middle"'),
    ...marks,
    '</svg>',
    '',
  ].join('\n')
}

export interface Scale {
  readonly ticks: readonly { readonly at: number; readonly value: number }[]
  at(value: number): number
}

/** Whole numbers around all that are given, at most eight ticks apart by the same step. */
function scale(values: readonly number[], from: number, to: number, measure: (value: number) => number): Scale {
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))]
  const step = Math.max(1, Math.ceil((high - low) / 7))
  const count = Math.max(1, Math.ceil((high - low) / step))
  const place = (value: number): number => from + ((value - low) / (count * step)) * (to - from)
  const tick = (value: number) => ({ at: place(value), value })
  return {
    ticks: Array.from({ length: count + 1 }, (_, at) => tick(low + at * step)),
    at: (value) => place(measure(value)),
  }
}

export const round = (value: number): number => Math.round(10 * value) / 10

export const text = (x: number, y: number, content: string, style = ''): string =>
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
