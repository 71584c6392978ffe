import { accuracyFrame, accuracyScales, FRAME, round, text } from '../federation/accuracy-frame.ts'
import { curveLine, hue } from '../federation/curve-line.ts'
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
    const last = lastOf(curve)
    const label = `${nameOf(last)}: ${(100 * last.accuracy).toFixed(1)} %`
    // The hues of a legend's neighbours lie close, so every other curve is dashed.
    return curveLine({ label, places, colour: hue(at, curves.length), dashed: at % 2 === 1, at })
  })
  const marks = base === undefined ? lines : [level(scales.y.at(base)), ...lines]
  return accuracyFrame({ title, along: 'sent by a client in the whole run', ...scales, lines: curves.length }, marks)
}

const level = (y: number): string =>
  [
    `<line x1="${FRAME.left}" y1="${round(y)}" x2="${FRAME.right}" y2="${round(y)}" stroke="black" stroke-dasharray="2 3"/>`,
    text(FRAME.left + 4, y - 4, 'base model'),
  ].join('\n')
