import type { AssignmentId, BlobHash, ClientId } from '@tessera/vocabulary'
import type { PauseCause } from './run-state.ts'
import type { DataUsed, SiteRanks } from './start.ts'

/** What can happen to a run. Events are facts: they are stored, and the state is a fold of them. */
export type RunEvent =
  | { readonly type: 'client-joined'; readonly clientId: ClientId; readonly examples: number }
  /** `left`: it said goodbye and gives its work back; `lost`: its connection ended, and it may return. */
  | { readonly type: 'client-left'; readonly clientId: ClientId; readonly how: 'left' | 'lost' }
  | {
      readonly type: 'update-received'
      readonly assignmentId: AssignmentId
      readonly clientId: ClientId
      readonly weight: number
      /** SHA-256 of the encoded update. */
      readonly hash: BlobHash
    }
  | {
      readonly type: 'assignment-failed'
      readonly assignmentId: AssignmentId
      readonly clientId: ClientId
      readonly reason: string
    }
  | { readonly type: 'deadline-passed' }
  /** A pass is reduced to the panel of the next one. */
  | { readonly type: 'pass-reduced'; readonly panel: BlobHash }
  /**
   * The initialisation is done: frozen factors and the coordinates before round 1; the ranks of the sites where it gave
   * each its own, and the file that it measured something on. What it measured on clients are the passes' updates.
   */
  | {
      readonly type: 'factors-made'
      readonly factors: BlobHash
      readonly coordinates: BlobHash
      readonly ranks?: SiteRanks
      readonly data?: DataUsed
      /** What decides the random directions of round 1, where there are any. */
      readonly schedule?: BlobHash
    }
  | {
      readonly type: 'aggregated'
      readonly coordinates: BlobHash
      readonly largestUpdate: readonly number[]
      readonly updateNorm: number
      /** What the server optimizer remembers for the next round. */
      readonly server?: BlobHash
      /** All that was added to the base weights so far, where the rule leaves more than coordinates hold. */
      readonly baseChange?: BlobHash
      /** What the rank policy remembers for the next round. */
      readonly rankMemory?: BlobHash
      /** The ranks of the sites from now on, and the frozen factors that tell them, where they have changed. */
      readonly ranks?: SiteRanks
      readonly factors?: BlobHash
      /** What decides the random directions of the next round, where there are any. */
      readonly schedule?: BlobHash
      /** What the coordinates have moved by, as the down-link codec writes it. */
      readonly step?: BlobHash
      /** What that leaves out, for the next round. */
      readonly unsent?: BlobHash
    }
  | { readonly type: 'committed' }
  | { readonly type: 'paused'; readonly cause: PauseCause; readonly reason: string }
  | { readonly type: 'resumed' }
  | { readonly type: 'aborted'; readonly reason: string }
  /** The coordinator started again: open deadlines start over, and who was present is expected back. */
  | { readonly type: 'restarted' }

export type RunEventType = RunEvent['type']

/** An event with the time it happened at, milliseconds since 1970. */
export type TimedEvent = RunEvent & { readonly at: number }
