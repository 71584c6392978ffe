import { ShapeError } from '@tessera/vocabulary'
import type { Directions, Frame, InnerVector, SubspaceShape } from './subspace.ts'

/** Where the inner vector of a run is, told from the coordinates alone. */
export interface Replay {
  /**
   * The inner vector at these coordinates of the run. What was replayed before is kept: a round more costs one stretch, and
   * gives the same bytes as all stretches from the start.
   *
   * @returns A vector of the caller's own.
   * @throws {ShapeError} the coordinates are no whole number of stretches.
   */
  at(coordinates: Float32Array): Float32Array
  /** What these numbers of a round add to the inner vector: a new vector. */
  moved(round: number, coordinates: Float32Array, numbers: Float32Array): Float32Array
  /** The vectors that a round (from 1) moves along from these coordinates on. */
  directions(round: number, coordinates: Float32Array): Directions
}

export interface ReplaySource {
  readonly frame: Frame
  /** The subspace's options. */
  readonly config: unknown
  readonly inner: InnerVector
  /** The inner vector before round 1. Not modified. */
  readonly start: Float32Array
}

export function createReplay({ frame, config, inner, start }: ReplaySource): Replay {
  const shape = frame.shape(config as never, inner)
  let kept: { readonly stretches: readonly Float32Array[]; readonly vector: Float32Array } = nothing(start)
  const directions = (round: number, history: readonly Float32Array[]): Directions =>
    frame.directions(config as never, { inner, round, history })
  /** Rounds without an effect are part of the history too. */
  const historyOf = (stretches: readonly Float32Array[], rounds: number): Float32Array[] => {
    if (frame.per === 'run') return []
    return Array.from({ length: rounds }, (_, at) => stretches[at] ?? new Float32Array(shape.length))
  }
  const directionsFrom = (round: number, coordinates: Float32Array): Directions =>
    directions(round, historyOf(stretchesOf(shape, coordinates), round - 1))
  return {
    at(coordinates) {
      const stretches = stretchesOf(shape, coordinates)
      if (!kept.stretches.every((stretch, at) => sameNumbers(stretch, stretches[at]))) kept = nothing(start)
      const { vector } = kept
      for (let at = kept.stretches.length; at < stretches.length; at++) {
        directions(at + 1, historyOf(stretches, at)).addInto(vector, stretches[at]!)
      }
      kept = { stretches, vector }
      return vector.slice()
    },
    moved(round, coordinates, numbers) {
      const vector = new Float32Array(start.length)
      directionsFrom(round, coordinates).addInto(vector, numbers)
      return vector
    },
    directions: directionsFrom,
  }
}

const nothing = (start: Float32Array) => ({ stretches: [], vector: start.slice() })

/** The stretches up to the last one that has moved anything, in copies. */
function stretchesOf({ length }: SubspaceShape, coordinates: Float32Array): Float32Array[] {
  const count = Math.floor(coordinates.length / length)
  if (count * length !== coordinates.length) throw new ShapeError('coordinates', count * length, coordinates.length)
  const last = Math.ceil((coordinates.findLastIndex((value) => value !== 0) + 1) / length)
  return Array.from({ length: last }, (_, at) => coordinates.slice(at * length, (at + 1) * length))
}

const sameNumbers = (left: Float32Array, right: Float32Array | undefined): boolean =>
  right !== undefined && left.every((value, at) => value === right[at])
