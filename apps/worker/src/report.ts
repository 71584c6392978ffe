import type { Refusal } from '@tessera/protocol'
import type { ClientId, FedError } from '@tessera/vocabulary'
import type { ByteCounts } from './byte-counts.ts'

/** An error as people are told it. */
export type ErrorReport = Pick<Refusal, 'code' | 'message' | 'fix'>

/** What a worker tells the person at its terminal. */
export type WorkerReport =
  | { readonly type: 'connected'; readonly clientId: ClientId }
  | { readonly type: 'disconnected'; readonly reason: string }
  | { readonly type: 'idle'; readonly message: string }
  | { readonly type: 'refused'; readonly error: ErrorReport }
  /** Something that the worker gets over: it tries again after a pause, or goes on without where there is none. */
  | { readonly type: 'trouble'; readonly error: ErrorReport; readonly againInMs: number | null }
  | { readonly type: 'fetching'; readonly done: number; readonly of: number }
  | {
      readonly type: 'progress'
      readonly round: number
      readonly rounds: number
      readonly kind: 'train' | 'probe'
      readonly step: number
      readonly steps: number
      readonly loss: number | null
    }
  | { readonly type: 'delivered'; readonly round: number; readonly kind: 'train' | 'probe'; readonly bytes: number }
  | { readonly type: 'cancelled'; readonly round: number }
  /** The worker has stopped: the bytes of all that it sent and got. */
  | { readonly type: 'moved'; readonly bytes: ByteCounts }

export const errorReport = ({ code, message, fix }: FedError): ErrorReport => ({ code, message, ...(fix && { fix }) })
