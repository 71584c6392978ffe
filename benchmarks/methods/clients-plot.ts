import { accuracyFrame, accuracyScale, FRAME, type Scale } from '../federation/accuracy-frame.ts'
import { curveLine, hue } from '../federation/curve-line.ts'
import { bestRows, type Row } from './bench-case.ts'

/**
 * Accuracy over the number of clients (logarithmic), as an SVG: a line for every method, rule, setting and plan that was
 * run with at least two numbers of clients, of the best row at each. Plans are told apart by dashes.
 */
export function clientsPlot(title: string, rows: readonly Row[]): string {
  const curves = [...byKey(rows, curveKey).values()].map(bestRows).filter((curve) => curve.length > 1)
  const shown = curves.flat()
  const scales = {
    x: clientsScale([...new Set(shown.map(({ clients }) => clients))]),
    y: accuracyScale(shown.map(({ accuracy }) => accuracy)),
  }
  const methods = [...byKey(shown, methodKey).keys()]
  const plans = [...byKey(shown, planKey).keys()]
  const lines = curves.map((curve, at) => {
    const [first] = curve as [Row, ...Row[]]
    const places = curve
      .toSorted((a, b) => a.clients - b.clients)
      .map(({ clients, accuracy }) => ({ x: scales.x.at(clients), y: scales.y.at(accuracy) }))
    const colour = hue(methods.indexOf(methodKey(first)), methods.length)
    return curveLine({ label: curveKey(first), places, colour, dashed: plans.indexOf(planKey(first)) % 2 === 0, at })
  })
  const tickLabel = (clients: number): string => `${clients}`
  return accuracyFrame({ title, along: 'clients', tickLabel, ...scales, lines: curves.length }, lines)
}

const methodKey = ({ method, aggregator, setting }: Row): string => `${method} + ${aggregator} (${setting})`
const planKey = ({ settings: { rounds, steps } }: Row): string => `${rounds} × ${steps} steps`
const curveKey = (row: Row): string => `${methodKey(row)}, ${planKey(row)}`

function byKey(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return groups
}

/** From the fewest clients at the left to the most at the right, with a tick at each number that was run. */
function clientsScale(clients: readonly number[]): Scale {
  const [low, high] = [Math.log(Math.min(...clients)), Math.log(Math.max(...clients))]
  const at = (value: number): number =>
    FRAME.left + ((Math.log(value) - low) / (high - low)) * (FRAME.right - FRAME.left)
  return { ticks: clients.map((value) => ({ at: at(value), value })), at }
}
