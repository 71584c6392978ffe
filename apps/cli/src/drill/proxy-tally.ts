/** What a fault proxy has seen and done. */
export interface ProxyTally {
  /** Whole socket.io messages, both directions. */
  messages: number
  connections: number
  delayed: number
  damaged: number
  repeated: number
  swapped: number
  /** Connections that were cut, and attempts to connect that were refused. */
  cut: number
  refused: number
  /** Messages of a worker that the coordinator knew already and that changed nothing. */
  duplicatesRefused: number
}

export type ProxyCounts = Readonly<ProxyTally>

const ZERO: ProxyCounts = {
  messages: 0,
  connections: 0,
  delayed: 0,
  damaged: 0,
  repeated: 0,
  swapped: 0,
  cut: 0,
  refused: 0,
  duplicatesRefused: 0,
}

export const emptyTally = (): ProxyTally => ({ ...ZERO })

/** Entry by entry: the sum of all `after`, less that of all `before`. */
export function tallyDifference(before: readonly ProxyCounts[], after: readonly ProxyCounts[]): ProxyCounts {
  const sum = (of: readonly ProxyCounts[], key: keyof ProxyTally) => of.reduce((total, tally) => total + tally[key], 0)
  const keys = Object.keys(ZERO) as (keyof ProxyTally)[]
  return Object.fromEntries(keys.map((key) => [key, sum(after, key) - sum(before, key)])) as unknown as ProxyCounts
}
