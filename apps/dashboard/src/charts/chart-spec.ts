/** How a line is drawn: its meaning decides its looks. */
export type LineLook = 'strong' | 'faint' | 'above' | 'floor' | 'up' | 'down' | 'retry'

export interface ChartLine {
  readonly label: string
  readonly look: LineLook
  /** One value for each x; null where there is none. */
  readonly values: readonly (number | null)[]
}

export interface ChartSpec {
  /** Ascending whole numbers. */
  readonly x: readonly number[]
  readonly lines: readonly ChartLine[]
  readonly formatX: (x: number) => string
  readonly formatY: (y: number) => string
  /** True for amounts, whose axis starts at zero; the axis of a curve fits it. */
  readonly fromZero?: boolean
}

/** The last value of a line, and where it is; null for a line without values. */
export function lastValue(spec: ChartSpec, line: ChartLine): { x: number; y: number } | null {
  const at = line.values.findLastIndex((value) => value !== null)
  const [x, y] = [spec.x[at], line.values[at]]
  return x === undefined || y === undefined || y === null ? null : { x, y }
}
