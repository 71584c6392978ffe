import type { RandomStream } from '@tessera/math'
import type { z } from 'zod'

/** One trained matrix of the inner vector, [rows, cols] row-major, and where it lies. */
export interface InnerMatrix {
  /** For messages. */
  readonly name: string
  readonly offset: number
  readonly rows: number
  readonly cols: number
  /** It has the shape of the base weight at its site. */
  readonly changesWeight: boolean
}

/** What a subspace has to fit. */
export interface SubspaceSetting {
  /** Without gaps, in order. */
  readonly matrices: readonly InnerMatrix[]
  /** Clients that have a part in a round at the same time. */
  readonly places: number
}

/** The vector that a subspace moves: the coordinates of the run's adapter method, as everybody knows them. */
export interface InnerVector extends SubspaceSetting {
  /** The run's seed. */
  readonly seed: number | bigint
  /** The base weight at a matrix's site; null where no base model is at hand. */
  readonly weightOf: ((matrix: number) => Float32Array) | null
}

/** What the coordinates of a run in a subspace are. */
export interface SubspaceShape {
  /** Numbers of a stretch. */
  readonly length: number
  /**
   * Numbers that a client sends: all of the stretch, which then mean the same at every client; or only its own part, one
   * of as many as there are places, in their order.
   */
  readonly sent: number
}

/** Where a client's work of a round is. */
export interface RoundWork {
  /** The inner coordinates as received. Not to be modified. */
  readonly received: Float32Array
  /** The client's place in its cohort, from 0. */
  readonly place: number
  /** Numbers that are this client's own in this round. */
  readonly random: RandomStream
  /** What the schedule makes of the learning rate, one a step. */
  readonly factors: readonly number[]
  /**
   * All steps of the local optimizer from the received coordinates: trained minus received, Δ. Where the subspace feeds
   * back it is p = Δ + e, with what the numbers of earlier rounds have left.
   */
  descend(): Promise<Float32Array>
  /** Mean loss of a step's batch. */
  loss(step: number, inner: Float32Array): Promise<number>
  /** Its gradient; null at a worker that computes none. */
  readonly gradient: ((step: number, inner: Float32Array) => Promise<Float32Array>) | null
}

/** What a client found in a round, and what it measured of it by metric name. */
export interface Found {
  /** What is sent. */
  readonly coefficients: Float32Array
  readonly metrics: Readonly<Record<string, number>>
}

/** The vectors v_k of one stretch; none of them is held in memory. */
export interface Directions {
  /** All that decides the vectors, as text: whoever has another one would move elsewhere. */
  readonly schedule: string
  /** inner += Σ_k coefficients[k] v_k: the same bytes at everyone. */
  addInto(inner: Float32Array, coefficients: Float32Array): void
  /** A client's round. @throws {FedError} `invalid-config`: this worker can not do it. */
  search(work: RoundWork): Promise<Found>
}

export interface DirectionsPlace {
  readonly inner: InnerVector
  /** From 1. */
  readonly round: number
  /** The stretches of the rounds before, oldest first; empty where there is one stretch for the run. */
  readonly history: readonly Float32Array[]
}

/** What the bound of a number in one round depends on. */
export interface StepBound {
  /** Largest |trained - received| of an inner coordinate in a round of the local optimizer. */
  readonly inner: number
  /** Schedule factors of the round's steps. */
  readonly factors: readonly number[]
}

/** inner = start + Σ_k c_k v_k, the c_k being the run's coordinates. Its laws: `describeSubspace` in the testing room. */
export interface Frame<Config = never> {
  /** `round`: every round has a stretch of its own, 0 before it; `run`: one stretch, which all rounds move. */
  readonly per: 'round' | 'run'
  /** @throws {FedError} `invalid-config`: it does not fit. */
  shape(config: Config, setting: SubspaceSetting): SubspaceShape
  /** A bound of |number| that any client can find in a round, whatever its data. */
  largest(config: Config, setting: SubspaceSetting, bound: StepBound): number
  /**
   * Does a client add to `descend` what the numbers of its rounds have left of it? Never, where this is absent. On
   * average over seeds that has to be less than what there was of it, or it grows without end.
   */
  feedsBack?(config: Config): boolean
  directions(config: Config, place: DirectionsPlace): Directions
}

/** How the coordinates of a run move the coordinates of its adapter method. */
export interface Subspace<Config = never> {
  readonly name: string
  readonly config: z.ZodObject
  /** Null: the run's coordinates are the method's own. */
  readonly frame: Frame<Config> | null
}

/** A subspace with its options' type checked here and erased in the registry, which parses options before use. */
export function defineSubspace<Options extends z.ZodObject>(
  subspace: Omit<Subspace<z.infer<Options>>, 'config'> & { readonly config: Options },
): Subspace {
  return subspace
}
