import type { Random } from './seeded-random.ts'

/** A point of a run's life: so long after a round began. Round 0 is the initialisation. */
export interface Moment {
  readonly round: number
  readonly afterMs: number
}

export interface MomentsPlan {
  readonly times: number
  /** The first and the last round in which something may happen. */
  readonly from: number
  readonly to: number
  /** The round in which all is to happen; any of them when absent. */
  readonly atRound?: number
  /** How long a round takes when nobody disturbs it. */
  readonly roundMs: number
}

/** Random moments in the order in which they come. A moment lies in the first four fifths of its round. */
export function randomMoments(random: Random, { times, from, to, atRound, roundMs }: MomentsPlan): readonly Moment[] {
  const moments = Array.from({ length: times }, () => ({
    round: atRound ?? from + random.below(to - from + 1),
    afterMs: random.below(Math.ceil(0.8 * roundMs)),
  }))
  return moments.sort((one, other) => one.round - other.round || one.afterMs - other.afterMs)
}

export const momentText = ({ round, afterMs }: Moment): string => `round ${round} + ${afterMs} ms`
