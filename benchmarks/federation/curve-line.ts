import { LEGEND, round, text } from './accuracy-frame.ts'

export interface CurveLine {
  /** What the legend says of it. */
  readonly label: string
  readonly places: readonly { readonly x: number; readonly y: number }[]
  readonly colour: string
  readonly dashed: boolean
  /** Its line in the legend, from 0. */
  readonly at: number
}

/** The k-th of n colours. */
export const hue = (at: number, of: number): string => `hsl(${Math.round((360 * at) / of)} 70% 40%)`

/** A line through all places with a mark at each, and its line in the legend, as parts of an SVG. */
export function curveLine({ label, places, colour, dashed, at }: CurveLine): string {
  const dash = dashed ? ' stroke-dasharray="5 2"' : ''
  const through = places.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')
  const dots = places.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${colour}"/>`)
  const y = LEGEND.top + LEGEND.line * at
  const end = { x: LEGEND.left + 24, y: y - 4 }
  return [
    `<polyline points="${through}" fill="none" stroke="${colour}"${dash}/>`,
    ...dots,
    `<line x1="${LEGEND.left}" y1="${end.y}" x2="${end.x}" y2="${end.y}" stroke="${colour}" stroke-width="2"${dash}/>`,
    text(end.x + 6, y, label),
  ].join('\n')
}
