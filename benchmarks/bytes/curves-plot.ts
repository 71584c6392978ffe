import { accuracyFrame, accuracyScales, FRAME, LEGEND, round, text } from '../federation/accuracy-frame.ts'
import { type Curve, lastOf } from './bench-case.ts'
import { baseAccuracy, nameOf } from './targets.ts'

/**
 * Accuracy over all bytes that a client has sent so far (logarithmic), as an SVG: a line a curve, with a mark where it
 * was measured, its name and last accuracy at the side, and a dashed line where the base model is. What was measured
 * before anything was sent has no place on the axis.
 */
export function curvesPlot(title: string, curves: readonly Curve[]): string {
  const sent = curves.flat().filter(({ uploadBytesPerClient }) => uploadBytesPerClient > 0)
  const base = curves.map(baseAccuracy).find((accuracy) => !Number.isNaN(accuracy))
  const scales = accuracyScales(
    sent.map(({ uploadBytesPerClient }) => uploadBytesPerClient),
    [...sent.map(({ accuracy }) => accuracy), ...(base === undefined ? [] : [base])],
  )
  const lines = curves.map((curve, at) => {
    const places = curve
      .filter(({ uploadBytesPerClient }) => uploadBytesPerClient > 0)
      .map(({ uploadBytesPerClient: bytes, accuracy }) => ({ x: scales.x.at(bytes), y: scales.y.at(accuracy) }))
    return line(curve, places, { at, of: curves.length })
  })
  const marks = base === undefined ? lines : [level(scales.y.at(base)), ...lines]
  return accuracyFrame({ title, along: 'sent by a client in the whole run', ...scales, lines: curves.length }, marks)
}

interface Place {
  readonly x: number
  readonly y: number
}

/** The hues of a legend's neighbours lie apart, and every other curve is dashed. */
function line(
  curve: Curve,
  places: readonly Place[],
  { at, of }: { readonly at: number; readonly of: number },
): string {
  const colour = `hsl(${Math.round((360 * at) / of)} 70% 40%)`
  const dash = at % 2 === 0 ? '' : ' stroke-dasharray="5 2"'
  const through = places.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')
  const dots = places.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${colour}"/>`)
  const last = lastOf(curve)
  const y = LEGEND.top + LEGEND.line * at
  const end = { x: LEGEND.left + 24, y: y - 4 }
  return [
    `<polyline points="${through}" fill="none" stroke="${colour}"${dash}/>`,
    ...dots,
    `<line x1="${LEGEND.left}" y1="${end.y}" x2="${end.x}" y2="${end.y}" stroke="${colour}" stroke-width="2"${dash}/>`,
    text(end.x + 6, y, `${nameOf(last)}: ${(100 * last.accuracy).toFixed(1)} %`),
  ].join('\n')
}

const level = (y: number): string =>
  [
    `<line x1="${FRAME.left}" y1="${round(y)}" x2="${FRAME.right}" y2="${round(y)}" stroke="black" stroke-dasharray="2 3"/>`,
    text(FRAME.left + 4, y - 4, 'base model'),
  ].join('\n')
