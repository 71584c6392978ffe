import { genesis } from './run-log.ts'
import type { RunRecord, RunState } from './run-state.ts'

/** A run before its first event: it waits for clients. */
export function initialState(record: RunRecord): RunState {
  return {
    seq: 0,
    head: genesis(record),
    phase: 'recruiting',
    pausedFrom: null,
    pauseCause: null,
    message: null,
    members: {},
    stage: null,
    panel: null,
    factors: null,
    coordinates: null,
    round: 0,
    largestUpdate: null,
    updateNorm: null,
    recruitUntil: record.createdAt + record.spec.rounds.deadline.hardMs,
  }
}
