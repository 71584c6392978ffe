import { FedError, ShapeError, type Update } from '@tessera/vocabulary'
import type { z } from 'zod'

/** All that an optimizer remembers between rounds: vectors of the update's length; which is which, it knows itself. */
export type ServerOptimizerState = readonly Float32Array[]

export interface ServerStep {
  /** What is added to the received coordinates. */
  readonly update: Update
  readonly state: ServerOptimizerState
}

/**
 * What the coordinator makes of a round's aggregated update before it is applied. An update is trained − received, so it
 * points downhill: the papers' pseudo-gradient is its negative, and here steps are added, not subtracted.
 */
export interface ServerOptimizer<Config extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly config: Config
  /** Authors, year and address. */
  readonly paper: string
  /** The state before the first round, for updates of so many coordinates. */
  begin(length: number, config: z.output<Config>): ServerOptimizerState
  /**
   * One round. Neither the state nor the update is modified; the same ones give the same bytes everywhere.
   *
   * @throws {ShapeError} the state belongs to another length. @throws {FedError} `not-finite`: the update is not, or the
   * step would not be.
   */
  step(state: ServerOptimizerState, update: Update, config: z.output<Config>): ServerStep
}

/** A server optimizer whose steps take and give finite numbers only. */
export function defineServerOptimizer<Config extends z.ZodObject>(
  optimizer: ServerOptimizer<Config>,
): ServerOptimizer<Config> {
  return {
    ...optimizer,
    step(state, update, config) {
      for (const slot of state) {
        if (slot.length !== update.length) throw new ShapeError('update at the server', slot.length, update.length)
      }
      requireFinite('aggregated update', update)
      const next = optimizer.step(state, update, config)
      for (const values of [next.update, ...next.state]) requireFinite(`step of ${optimizer.name}`, values)
      return next
    },
  }
}

function requireFinite(what: string, values: Float32Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value))
  if (index < 0) return
  throw new FedError('not-finite', `${what}: coordinate ${index} is ${values[index]}`, { details: { index } })
}
