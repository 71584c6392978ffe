import { createRandomStream } from '@tessera/math'
import type { CodecContext } from './codec.ts'

/** Whose update of which round is written: what the streams of an encoding are keyed by. */
export interface CodecPlace {
  readonly seed: number | bigint
  /** The round that gave the work out. */
  readonly round: number
  /** The client's number in the run, an unsigned 32-bit integer; whoever reads needs none. */
  readonly client?: number
  /** To the coordinator, or from it: the streams of one direction say nothing of the other. */
  readonly link?: 'up' | 'down'
}

/** Fresh streams for one encoding or decoding. */
export function codecContext({ seed, round, client = 0, link = 'up' }: CodecPlace): CodecContext {
  const stream = (purpose: string, of: number) => createRandomStream({ seed, purpose, round, client: of, block: 0 })
  const purpose = link === 'up' ? 'codec' : 'downlink'
  return { shared: stream(`${purpose}-shared`, 0), own: stream(`${purpose}-own`, client) }
}
