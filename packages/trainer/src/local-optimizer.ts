import type { RandomStream } from '@tessera/math'
import { ShapeError } from '@tessera/vocabulary'
import type { z } from 'zod'

/** One trained matrix, [rows, cols] row-major, and where it lies in the flat coordinates. */
export interface TrainedMatrix {
  /** The factor's short name, for instance `B`. */
  readonly factor: string
  readonly offset: number
  readonly rows: number
  readonly cols: number
}

/** What an optimizer knows of the vector that it moves. */
export interface OptimizerPlace {
  /** Number of coordinates. */
  readonly length: number
  /** The matrices that the coordinates are made of, in their order and without gaps. */
  readonly matrices: readonly TrainedMatrix[]
  /** The stream of the run's seed for one matrix in this round: the same at every client. */
  readonly random: (matrix: number) => RandomStream
}

/** A round's optimizer at work: its state starts empty with the round and ends with it. */
export interface OptimizerRun {
  /**
   * One step: changes `coordinates` and its own state in place.
   *
   * @param gradient Same length as the coordinates. Not modified.
   * @param factor What the schedule makes of the learning rate in this step, in [0, 1].
   */
  stepInto(coordinates: Float32Array, gradient: Float32Array, factor: number): void
}

/** What the bound of a round's update depends on. */
export interface UpdateBoundInput {
  /** Schedule factors of the round's steps. */
  readonly factors: readonly number[]
  /** max |received coordinate|. */
  readonly largestCoordinate: number
  readonly matrices: readonly TrainedMatrix[]
}

/** How a client turns gradients into steps. */
export interface LocalOptimizer<Config = never> {
  readonly name: string
  readonly config: z.ZodObject
  begin(config: Config, place: OptimizerPlace): OptimizerRun
  /** Why it has no use where these matrices are trained, as a sentence; null, or absent, where it has. */
  misfit?(config: Config, matrices: readonly TrainedMatrix[]): string | null
  /**
   * An upper bound of |trained − received| of any coordinate after a round, whatever the gradients were; the range of
   * the grid that sums of updates live on.
   */
  largestUpdate(config: Config, input: UpdateBoundInput): number
}

/**
 * An optimizer with its options' type checked here and erased in the registry, which parses options before use. Its
 * steps refuse vectors of another length than the place's.
 */
export function defineLocalOptimizer<Options extends z.ZodObject>(
  optimizer: Omit<LocalOptimizer<z.infer<Options>>, 'config'> & { readonly config: Options },
): LocalOptimizer {
  return { ...optimizer, begin: (config, place) => checked(optimizer.begin(config, place), place.length) }
}

/** @throws {ShapeError} the coordinates or the gradient have another length. */
function checked({ stepInto }: OptimizerRun, length: number): OptimizerRun {
  return {
    stepInto(coordinates, gradient, factor) {
      if (coordinates.length !== length) throw new ShapeError('coordinates', length, coordinates.length)
      if (gradient.length !== length) throw new ShapeError('gradient', length, gradient.length)
      stepInto(coordinates, gradient, factor)
    },
  }
}
