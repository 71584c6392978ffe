import { markdownTable } from '../federation/markdown-table.ts'
import { type Curve, lastOf, type Row } from './bench-case.ts'

/** A figure that was to be reached. */
export interface Target {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  readonly reached: boolean
}

/** What the best curves say of the targets; nothing of those whose curves are not there. */
export function targetsOf(curves: readonly Curve[]): Target[] {
  return [
    ...curves.filter(of('ternary')).flatMap((curve) => againstFloat32(curve, curves)),
    ...curves.filter(of('', 'ferret')).flatMap((curve) => againstFedAvg(curve, curves)),
    ...curves.filter(of('', 'ferret')).flatMap((curve) => againstFedKSeed(curve, curves)),
  ]
}

export const targetsTable = (targets: readonly Target[]): string =>
  markdownTable(
    ['target', 'wanted', 'measured', 'reached'],
    targets.map(({ what, wanted, measured, reached }) => [what, wanted, measured, reached ? 'yes' : 'no']),
  )

/** Curves of a codec and a method, either of them '' for any. */
const of =
  (codec: string, method = '') =>
  (curve: Curve) =>
    ['', lastOf(curve).codec].includes(codec) && ['', lastOf(curve).method].includes(method)

/** Fed-SB: what the ternary form costs in accuracy, and saves in bytes, with the passes before round 1 and without. */
function againstFloat32(ternary: Curve, curves: readonly Curve[]): Target[] {
  const { method, accuracy } = lastOf(ternary)
  const plain = curves.find(of('float32', method))
  if (plain === undefined) return []
  const loss = lastOf(plain).accuracy - accuracy
  const whole = sentBytes(plain) / sentBytes(ternary)
  const rounds = roundBytes(plain) / roundBytes(ternary)
  const what = `${method}, ternary against float32`
  return [
    { what: `${what}: accuracy lost`, wanted: '≤ 0.01', measured: loss.toFixed(4), reached: loss <= 0.01 },
    { what: `${what}: bytes of the rounds`, ...timesFewer(rounds, 20) },
    { what: `${what}: bytes of the whole run`, ...timesFewer(whole, 20) },
  ]
}

/** Ferret: how much of full FedAvg's gain over the base model, for how few of its bytes. */
function againstFedAvg(ferret: Curve, curves: readonly Curve[]): Target[] {
  const full = curves.find(of('', 'fedavg'))
  if (full === undefined) return []
  const base = baseAccuracy(full)
  const share = (lastOf(ferret).accuracy - base) / (lastOf(full).accuracy - base)
  const what = nameOf(lastOf(ferret))
  return [
    { what: `${what}: share of FedAvg’s gain`, wanted: '≥ 0.95', measured: share.toFixed(3), reached: share >= 0.95 },
    { what: `${what}: bytes against FedAvg`, ...timesFewer(sentBytes(full) / sentBytes(ferret), 500) },
  ]
}

/** Ferret: rounds and seconds to where FedKSeed ends, against those after which FedKSeed was there first. */
function againstFedKSeed(ferret: Curve, curves: readonly Curve[]): Target[] {
  const pool = curves.find(of('', 'fedkseed'))
  if (pool === undefined) return []
  const goal = lastOf(pool).accuracy
  const [own, theirs] = [firstAt(goal, ferret), firstAt(goal, pool) as Row]
  const what = `${nameOf(lastOf(ferret))}: to FedKSeed’s ${(100 * goal).toFixed(1)} %`
  const fewer = (unit: 'rounds' | 'seconds'): Target => ({
    what: `${what}, ${unit}`,
    wanted: `< ${theirs[unit]}`,
    measured: own === undefined ? 'never' : `${own[unit]}`,
    reached: own !== undefined && own[unit] < theirs[unit],
  })
  return [fewer('rounds'), fewer('seconds')]
}

export const nameOf = ({ method, codec, k }: Pick<Row, 'method' | 'codec' | 'k'>): string =>
  `${method}, ${codec}${k === null ? '' : `, k = ${k}`}`

/** Before round 1 every case is the base model. */
export const baseAccuracy = (curve: Curve): number => curve.find(({ rounds }) => rounds === 0)?.accuracy ?? Number.NaN

const firstAt = (accuracy: number, curve: Curve): Row | undefined => curve.find((row) => row.accuracy >= accuracy)

const sentBytes = (curve: Curve): number => lastOf(curve).uploadBytesPerClient

const roundBytes = (curve: Curve): number =>
  sentBytes(curve) - (curve.find(({ rounds }) => rounds === 0)?.uploadBytesPerClient ?? 0)

const timesFewer = (ratio: number, least: number): Omit<Target, 'what'> => ({
  wanted: `≤ 1/${least}`,
  measured: `1/${ratio.toFixed(1)}`,
  reached: ratio >= least,
})
