import { type BundledPlan, bundledSpec } from '../federation/bundled.ts'
import { caseKey } from '../federation/case-key.ts'

type Part = Readonly<Record<string, unknown>>

/** Everything that one run depends on: two runs of the same case give the same accuracies and bytes. */
export interface BytesCase extends BundledPlan {
  /** What its paper calls it. */
  readonly method: string
  readonly adapter: Part
  /** Of all linear layers, or of the whole model. */
  readonly targets: 'all-linear' | 'all'
  readonly initialisation: Part
  readonly aggregator: Part
  readonly subspace: Part
  readonly codec: Part & { readonly codec: string }
}

/** Where a run stands after some of its rounds. */
export interface CurvePoint {
  /** 0: before the first, where the model still is the base model. */
  readonly rounds: number
  /** Part of the test rows whose label ranks first. */
  readonly accuracy: number
  /** All that a client has sent so far, the passes before round 1 included; the mean over the clients. */
  readonly uploadBytesPerClient: number
  /** All that was computed so far for everyone, but for evaluations. */
  readonly seconds: number
}

/** A point, and whose it is: a case's rows are its curve. */
export interface Row extends CurvePoint {
  readonly method: string
  readonly codec: string
  /** Numbers that a client sends of a subspace, or the density of a codec that has one. */
  readonly k: number | null
  readonly rate: number
  readonly settings: BytesCase
}

export type Curve = readonly Row[]

export function specOf(settings: BytesCase) {
  const { method: _method, adapter, targets, initialisation, aggregator, subspace, codec, ...plan } = settings
  return bundledSpec(plan, { adapter, targets, initialisation, aggregator, subspace, codec })
}

export function rowsOf(settings: BytesCase, points: readonly CurvePoint[]): Curve {
  const { method, codec, subspace, optimizer } = settings
  const k = Number(subspace.coordinates ?? subspace.seeds ?? codec.density ?? Number.NaN)
  // A subspace with a rate of its own does not use the optimizer.
  const rate = Number(subspace.learningRate ?? optimizer.learningRate)
  const whose = { method, codec: codec.codec, k: Number.isNaN(k) ? null : k }
  return points.map((point) => ({ ...whose, ...point, rate, settings }))
}

/** Equal for two rows of which one takes the other's place. */
export const keyOf = ({ settings, rounds }: Row): string => `${caseKey(settings)} ${rounds}`

/** The rows of each case, in order of appearance. */
export function curvesIn(rows: readonly Row[]): Curve[] {
  const curves = new Map<string, Row[]>()
  for (const row of rows) {
    const key = caseKey(row.settings)
    curves.set(key, [...(curves.get(key) ?? []), row])
  }
  return [...curves.values()]
}

/** The curve of a case that was run before with the very same settings; empty where it was not. */
export function knownCurve(rows: readonly Row[], settings: BytesCase): Curve {
  const key = caseKey(settings)
  return rows.filter((row) => caseKey(row.settings) === key)
}

export const lastOf = (curve: Curve): Row => curve.at(-1) as Row

/** For every method, codec and k the curve of the rate whose last accuracy is best; in order of appearance. */
export function bestCurves(curves: readonly Curve[]): Curve[] {
  const best = new Map<string, Curve>()
  for (const curve of curves) {
    const { method, codec, k, accuracy } = lastOf(curve)
    const group = [method, codec, k].join()
    const known = best.get(group)
    if (known === undefined || accuracy > lastOf(known).accuracy) best.set(group, curve)
  }
  return [...best.values()]
}
