import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import { chartOptions, showLast } from './chart-options.ts'
import { type ChartSpec, lastValue } from './chart-spec.ts'
import { paletteAt } from './palette.ts'

const HEIGHT = 240

interface ChartProps {
  readonly title: string
  readonly spec: ChartSpec
  /** Said in the place of the chart while it has no values. */
  readonly empty: string
  /** Stands beside the title. */
  readonly beside?: ReactNode
  /** Said below the chart. */
  readonly children?: ReactNode
  /** Drawn anew when it changes: a canvas keeps the colours it was drawn with. */
  readonly theme: string
}

/** A chart that follows its values, its width and the theme; what it shows is also said in words. */
export function Chart({ title, spec, empty, theme, beside, children }: ChartProps) {
  const isEmpty = spec.lines.every(({ values }) => values.every((value) => value === null))
  return (
    <figure className="chart card">
      <figcaption>
        <h3>{title}</h3>
        {beside}
      </figcaption>
      {isEmpty ? <p className="empty">{empty}</p> : <Plot title={title} spec={spec} theme={theme} />}
      {children}
    </figure>
  )
}

function Plot({ title, spec, theme }: Omit<ChartProps, 'empty' | 'beside' | 'children'>) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const latest = useRef(spec)
  latest.current = spec
  const data = useMemo(() => [spec.x, ...spec.lines.map(({ values }) => values)] as uPlot.AlignedData, [spec])
  const lines = spec.lines.map(({ label, look }) => `${look} ${label}`).join('\n')

  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines or another theme need another plot
  useEffect(() => {
    const box = place.current
    if (!box) return
    const size = () => ({ width: Math.max(160, box.clientWidth), height: HEIGHT })
    plot.current = new uPlot({ ...chartOptions(following(latest), paletteAt(box)), ...size() }, [[]], box)
    const observer = new ResizeObserver(() => plot.current?.setSize(size()))
    observer.observe(box)
    return () => {
      observer.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [lines, theme])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot starts without values
  useEffect(() => {
    plot.current?.setData(data)
    if (plot.current) showLast(plot.current)
  }, [data, lines, theme])

  return <div ref={place} className="plot" role="img" aria-label={inWords(title, spec)} />
}

/** The spec as it is whenever it is looked at, so that a plot outlives its values. */
function following(latest: { readonly current: ChartSpec }): ChartSpec {
  const { lines, fromZero } = latest.current
  return {
    get x() {
      return latest.current.x
    },
    lines,
    fromZero: fromZero ?? false,
    formatX: (x) => latest.current.formatX(x),
    formatY: (y) => latest.current.formatY(y),
  }
}

function inWords(title: string, spec: ChartSpec): string {
  const ends = spec.lines.flatMap((line) => {
    const last = lastValue(spec, line)
    return last === null ? [] : `${line.label} ${spec.formatY(last.y)} at round ${spec.formatX(last.x)}`
  })
  return `${title}: ${ends.join(', ')}`
}
