import type uPlot from 'uplot'
import type { ChartLine, ChartSpec, LineLook } from './chart-spec.ts'
import type { Palette } from './palette.ts'
import { bars, ledges } from './paths.ts'

const FONT = '12px system-ui, sans-serif'
/** Distances between ticks over rounds: rounds are whole. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

/** uPlot's options for a spec. Values, but not the lines, may change without new options. */
export function chartOptions(spec: ChartSpec, palette: Palette): Omit<uPlot.Options, 'width' | 'height'> {
  const colours = spec.lines.map(({ look }, index) => colourOf(look, { palette, index }))
  return {
    padding: [12, 12, 0, 4],
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    legend: { markers: { width: 0, fill: (_plot, index) => colours[index - 1] ?? 'transparent' } },
    hooks: { setCursor: [(plot) => plot.cursor.idx === null && showLast(plot)] },
    scales: scalesOf(spec),
    axes: axesOf(spec, palette),
    series: [
      { label: 'round', value: (_plot, x) => (x === null ? '–' : spec.formatX(x)) },
      ...spec.lines.map((line, index) => seriesOf(line, spec, colours[index]!)),
    ],
  }
}

/** The legend shows the newest values while nobody points at others. */
export function showLast(plot: uPlot): void {
  plot.setLegend({ idx: plot.data[0].length - 1 }, false)
}

function scalesOf({ fromZero }: ChartSpec): uPlot.Scales {
  if (!fromZero) return { x: { time: false, range: (_plot, min, max) => widened(min, max) }, y: {} }
  return {
    x: { time: false, range: (_plot, min, max) => [min - 0.6, max + 0.6] },
    y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
  }
}

/** A single round still has an axis. */
function widened(min: number, max: number): [number, number] {
  return min === max ? [min - 0.5, max + 0.5] : [min, max]
}

function axesOf(spec: ChartSpec, palette: Palette): uPlot.Axis[] {
  const axis = { stroke: palette.ink, font: FONT, grid: { stroke: palette.grid, width: 1 }, ticks: { show: false } }
  const rounds = (splits: number[]) => splits.map((x) => (spec.x.includes(x) ? spec.formatX(x) : ''))
  return [
    { ...axis, incrs: WHOLE, space: 44, size: 32, grid: { show: false }, values: (_plot, splits) => rounds(splits) },
    { ...axis, size: 64, space: 36, gap: 6, values: (_plot, splits) => splits.map(spec.formatY) },
  ]
}

interface ColourPlace {
  readonly palette: Palette
  readonly index: number
}

function colourOf(look: LineLook, { palette, index }: ColourPlace): string {
  if (look === 'faint') return palette.faint[index % palette.faint.length]!
  return palette[look === 'above' ? 'floor' : look]
}

function seriesOf({ label, look }: ChartLine, spec: ChartSpec, colour: string): uPlot.Series {
  const value = (_plot: uPlot, y: number | null) => (y === null ? '–' : spec.formatY(y))
  const shared = { label, value, spanGaps: true }
  switch (look) {
    case 'strong':
      return { ...shared, stroke: colour, width: 2.5, points: { size: 6, fill: colour } }
    case 'above':
      return { ...shared, stroke: colour, width: 1.5, points: { size: 5, fill: colour } }
    case 'retry':
      return { ...shared, stroke: colour, width: 0, points: { show: true, size: 7, fill: colour } }
    case 'faint':
      return { ...shared, stroke: colour, width: 1.25, points: { size: 4, fill: colour } }
    case 'floor':
      return { ...shared, stroke: colour, width: 2, points: { show: false }, paths: ledges }
    case 'up':
      return { ...shared, fill: colour, points: { show: false }, paths: bars(-1) }
    case 'down':
      return { ...shared, fill: colour, points: { show: false }, paths: bars(1) }
  }
}
