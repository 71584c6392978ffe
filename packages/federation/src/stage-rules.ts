import type { Assignment, RunRecord, Stage } from './run-state.ts'

/**
 * What a way of working decides about a stage; everything else is the same for all of them. A pass of the
 * initialisation and a synchronous round count the clients they asked themselves; a buffered round is one continuous
 * flow, in which late work is as good as any other.
 */
export interface StageRules {
  /** So many updates close the stage at once. */
  readonly enough: number
  /** So many clients have a part in it (sync), or are at work at once (buffered). */
  readonly places: number
  /** Open work is carried into the next stage while it is at most so many stages old there. */
  readonly maxStaleness: number
  readonly buffered: boolean
}

/** Spares the ceiling of 10 · 1.1 = 11.000000000000002 a twelfth client. */
const ROUNDING = 1e-9

export function stageRules({ spec: { rounds } }: RunRecord, { kind }: Pick<Stage, 'kind'>): StageRules {
  const { cohort, mode } = rounds
  if (mode.kind === 'buffered' && kind === 'train') {
    return { enough: mode.bufferSize, places: cohort.size, maxStaleness: mode.maxStaleness, buffered: true }
  }
  const carries = kind === 'train' && mode.kind === 'sync' && mode.onLate === 'next-round'
  const places = placesOf(rounds)
  return { enough: cohort.size, places, maxStaleness: carries ? 1 : 0, buffered: false }
}

/** Clients that have a part in a synchronous round. */
export const placesOf = ({ cohort }: RunRecord['spec']['rounds']): number =>
  Math.ceil(cohort.size * cohort.overSelection - ROUNDING)

/** The stage waits for this update: late work holds up none but a buffered round. */
export function isAwaited(rules: StageRules, stage: Stage, assignment: Assignment): boolean {
  return assignment.status === 'open' && isOwn(rules, stage, assignment)
}

/** This client has one of the places: in a buffered round until its update is in, else for the whole stage. */
export function holdsPlace(rules: StageRules, stage: Stage, assignment: Assignment): boolean {
  if (rules.buffered) return assignment.status === 'open'
  return assignment.status !== 'failed' && isOwn(rules, stage, assignment)
}

/** Open work of this stage goes on in the next one. */
export function isCarried({ maxStaleness }: StageRules, { index }: Stage, { givenIn }: Assignment): boolean {
  return index + 1 - givenIn <= maxStaleness
}

/** The stage gave it out itself, or makes no difference. */
export function isOwn({ buffered }: StageRules, { index }: Stage, { givenIn }: Assignment): boolean {
  return buffered || givenIn === index
}
