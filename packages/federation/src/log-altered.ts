import { FedError } from '@tessera/vocabulary'
import type { LoggedEvent } from './ports.ts'

/** The first thing in a run's history that is not what the rest of it leads to. */
export interface Difference {
  /** Number of the event at which it is; of the last one for what is beside the log. */
  readonly seq: number
  /** Type and time of that event; null where it is missing, and for what is beside the log. */
  readonly event: string | null
  readonly at: number | null
  /** What differs: a field of the event, `head`, or a stored thing: `update …`, `blob …`, `version …`, `state.…`. */
  readonly field: string
  /** What is stored, and what was recomputed; null for nothing. */
  readonly stored: unknown
  readonly recomputed: unknown
  /** One sentence for people. */
  readonly meaning: string
}

/** A difference, on its way to whoever checks. */
export class LogAltered extends FedError {
  override readonly name = 'LogAltered'
  readonly difference: Difference

  constructor(
    row: Pick<LoggedEvent, 'seq'> & Partial<LoggedEvent>,
    found: Omit<Difference, 'seq' | 'event' | 'at'>,
    context: { readonly cause?: unknown } = {},
  ) {
    super('log-altered', `event ${row.seq}: ${found.meaning}`, context)
    this.difference = { seq: row.seq, event: row.event?.type ?? null, at: row.event?.at ?? null, ...found }
  }
}
