import { createRandomStream } from '@tessera/math'
import type { AdapterMethod } from './adapter-method.ts'
import type { Factor } from './factor.ts'
import { type AdapterLayout, layoutOf } from './layout.ts'

export interface RoundOptions {
  readonly method: AdapterMethod
  /** The method's options. */
  readonly options: unknown
  /** The run's seed. */
  readonly seed: number | bigint
  /** From 1. */
  readonly round: number
}

/**
 * The layout of what is trained and sent in one round: the same sites, with the trained factors that rest in this round
 * frozen. The layout itself where the method has no schedule.
 *
 * Between the two: `flatten(active, unflatten(layout, coordinates))` are the coordinates of the round;
 * `flatten(layout, { ...unflatten(layout, received), ...unflatten(active, trained) })` all of them after it.
 */
export function activeLayout(layout: AdapterLayout, { method, options, seed, round }: RoundOptions): AdapterLayout {
  if (method.active === undefined) return layout
  const sites = layout.sites.map(({ site }) => site)
  const random = (number: number) =>
    createRandomStream({ seed, purpose: `active ${method.name}`, round: number, client: 0, block: 0 })
  const resting = layout.sites.map(({ site, adapter }) => {
    const names = method.active?.({ round, site, sites, random }, options as never) ?? []
    return { site, adapter: { ...adapter, factors: adapter.factors.map((factor) => rested(factor, names)) } }
  })
  return layoutOf(resting)
}

/** A factor that does not train in this round has the value that everybody received. */
function rested(factor: Factor, active: readonly string[]): Factor {
  if (!factor.train || active.includes(factor.name)) return factor
  const { name, rows, cols } = factor
  return { name, rows, cols, train: false }
}
