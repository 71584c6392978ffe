import { z } from 'zod'
import type { RoundPlace } from './adapter-method.ts'
import type { Factor, FrozenRole, SiteFactors } from './factor.ts'

export type Side = 'left' | 'right'
export type TrainedSides = Side | 'both' | 'alternate'

/** Which of two factors that multiply each other are trained; the default is the papers'. */
export const trainedSides = (left: string, right: string) =>
  z
    .enum(['both', 'left', 'right', 'alternate'])
    .default('both')
    .describe(
      `both: averages are not exact; left: only ${left}; right: only ${right}; alternate: odd rounds ${left}, even ` +
        `rounds ${right}; all but both average exactly`,
    )

/** One of two factors that multiply each other, and how it is derived where it is not trained; absent: it is sent. */
export interface SideFactor extends Pick<Factor, 'name' | 'rows' | 'cols'> {
  readonly derive?: FrozenRole['derive']
}

/** The roles of both sides; what `derive` says of a trained one does not count. */
export function sideFactors(trains: TrainedSides, { left, right }: Record<Side, SideFactor>): Factor[] {
  const role = (side: Side, own: SideFactor, other: string): Factor => {
    const { name, rows, cols } = own
    if (!trainsSide(trains, side)) return { ...own, train: false }
    const exactness = trains === side ? 'linear' : (`linear-if-frozen(${other})` as const)
    return { name, rows, cols, train: true, exactness }
  }
  return [role('left', left, right.name), role('right', right, left.name)]
}

/**
 * The trained sides before round 1: the left one zero if it is trained, otherwise the right one, so that ΔW = 0; where
 * both are, the right one has `values`.
 */
export function sideStart(
  trains: TrainedSides,
  { left, right }: Record<Side, SideFactor>,
  values: () => Float32Array,
): SiteFactors {
  const zero = ({ name, rows, cols }: typeof left) => ({ [name]: new Float32Array(rows * cols) })
  if (trains === 'left') return zero(left)
  if (trains === 'right') return zero(right)
  return { ...zero(left), [right.name]: values() }
}

/** The trained factors of a round. */
export function activeSides(trains: TrainedSides, { round }: RoundPlace, names: Record<Side, string>): string[] {
  if (trains === 'alternate') return [names[round % 2 === 1 ? 'left' : 'right']]
  return (['left', 'right'] as const).filter((side) => trainsSide(trains, side)).map((side) => names[side])
}

export const trainsSide = (trains: TrainedSides, side: Side): boolean => trains !== (side === 'left' ? 'right' : 'left')
