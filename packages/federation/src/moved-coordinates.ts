import { type AdapterLayout, flatten, unflatten } from '@tessera/adapters'
import type { Coordinates, Update } from '@tessera/vocabulary'

/** All coordinates of a run, and those that a round trains. */
export interface RoundLayouts {
  readonly all: AdapterLayout
  readonly active: AdapterLayout
}

/** The coordinates that the round trained have moved, the others are as received. */
export function moved({ all, active }: RoundLayouts, received: Coordinates, update: Update): Coordinates {
  const factors = unflatten(all, received)
  const trained = flatten(active, factors).map((value, at) => value + update[at])
  return flatten(all, { ...factors, ...unflatten(active, trained) })
}
