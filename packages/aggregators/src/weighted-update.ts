import type { Update } from '@tessera/vocabulary'

/** One client's update and how much it counts. */
export interface WeightedUpdate {
  readonly update: Update
  /** A positive integer, normally the number of examples trained on. */
  readonly weight: number
}
