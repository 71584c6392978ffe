import { expect } from 'vitest'
import { type Cast, createWorld, type Plan, runThrough } from './mortal-federation.ts'
import { type Chronicle, chronicleOf } from './run-chronicle.ts'

export interface History {
  readonly chronicle: Chronicle
  /** The points that the last life of the coordinator passed. */
  readonly points: readonly string[]
}

/** A run from its beginning to its end, through lives that end at these points; no life may log an error. */
export async function historyOf(cast: Cast, plan: Plan, deaths: readonly number[] = []): Promise<History> {
  const world = createWorld(cast)
  const points = await runThrough(world, plan, deaths)
  expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  return { chronicle: await chronicleOf(world), points }
}

export interface Killing {
  /** The points at which its next lives end, by that of its first one. */
  readonly again?: (point: number) => number[]
  /** How many points lie between two first deaths: 1 for all of them. */
  readonly stride?: number
}

/**
 * Kills the coordinator at the points of the undisturbed run, one a run, and expects its chronicle every time.
 *
 * @returns How many points the undisturbed run has.
 */
export async function killEverywhere(
  cast: Cast,
  plan: Plan,
  { again = () => [], stride = 1 }: Killing = {},
): Promise<number> {
  const calm = await historyOf(cast, plan)
  for (let at = 0; at < calm.points.length; at += stride) {
    const deaths = [at + 1, ...again(at)]
    const { chronicle } = await historyOf(cast, plan, deaths)
    expect(chronicle, `dead at the points ${deaths}: ${calm.points[at]}`).toEqual(calm.chronicle)
  }
  return calm.points.length
}
