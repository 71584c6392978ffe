import type { AssignmentId, ClientId } from '@tessera/vocabulary'
import type { Assignment, Stage } from './run-state.ts'

/** What the world has to do after a transition was stored; every effect may be repeated safely. */
export type Effect =
  /** Give this client its part of the stage. */
  | { readonly type: 'assign'; readonly assignment: Assignment; readonly stage: Stage }
  | {
      readonly type: 'cancel'
      readonly assignmentId: AssignmentId
      readonly clientId: ClientId
      readonly round: number
      readonly reason: string
    }
  /** Wake the run with `deadline-passed` at this time. */
  | { readonly type: 'set-deadline'; readonly at: number }
  /** Make the factors at the coordinator (initialisations that need no client). */
  | { readonly type: 'make-factors' }
  /** Turn the folded pass into a panel or into the factors. */
  | { readonly type: 'reduce-pass' }
  /** Turn the folded updates into new coordinates. */
  | { readonly type: 'aggregate' }
  /** Store the new version and close the round. */
  | { readonly type: 'commit' }
  /** Measure the version that was just made. */
  | { readonly type: 'evaluate'; readonly round: number }

/** What a client is told of its work. */
export type WorkEffect = Extract<Effect, { type: 'assign' | 'cancel' }>
