import { type AdapterLayout, flatten, unflatten } from '@tessera/adapters'
import {
  decodeServerState,
  encodeServerState,
  type ServerOptimizer,
  type ServerOptimizerState,
  serverOptimizers,
} from '@tessera/aggregators'
import { type Update, unwrap } from '@tessera/vocabulary'
import type { FederationSpec } from './federation-spec.ts'

export interface ServerStepInput {
  /** All coordinates of the adapter, and those that the round trained. */
  readonly all: AdapterLayout
  readonly active: AdapterLayout
  /** The aggregated update of the round. */
  readonly update: Update
  /** The state that the round before left; null before round 1. */
  readonly before: Uint8Array | null
}

export interface ServerStepResult {
  /** What the received coordinates are moved by. */
  readonly update: Update
  /** For the next round; null where the optimizer remembers nothing. */
  readonly after: Uint8Array | null
}

/**
 * What the run's server optimizer makes of a round. Its vectors are as long as all coordinates; what rests in a round keeps
 * what is remembered of it.
 */
export function serverStep({ serverOptimizer }: FederationSpec, input: ServerStepInput): ServerStepResult {
  const { all, active, update, before } = input
  const optimizer: ServerOptimizer = unwrap(serverOptimizers.byName(serverOptimizer.name))
  const config = serverOptimizer as never
  const start = optimizer.begin(all.length, config)
  const state: ServerOptimizerState = before === null ? start : unwrap(decodeServerState(before, start))
  const remembered = state.map((slot) => unflatten(all, slot))
  const parts = remembered.map((slot) => flatten(active, slot))
  const step = optimizer.step(parts, update, config)
  const next = step.state.map((slot, at) => flatten(all, { ...remembered[at], ...unflatten(active, slot) }))
  return { update: step.update, after: next.length === 0 ? null : encodeServerState(next) }
}
