import type { RunView } from '@tessera/protocol'

/** The way of a run, as people see it. */
export const STEPS = ['waiting', 'initialising', 'training', 'aggregating', 'done'] as const

/** How a phase of the state machine looks: its word, its colour and its place among the steps, if it has one. */
export interface PhaseLook {
  readonly word: string
  readonly tone: 'calm' | 'violet' | 'blue' | 'teal' | 'amber' | 'green' | 'red'
  readonly step: number | null
}

const LOOKS: Readonly<Record<string, PhaseLook>> = {
  recruiting: { word: 'waiting', tone: 'calm', step: 0 },
  initialising: { word: 'initialising', tone: 'violet', step: 1 },
  training: { word: 'training', tone: 'blue', step: 2 },
  aggregating: { word: 'aggregating', tone: 'teal', step: 3 },
  committing: { word: 'aggregating', tone: 'teal', step: 3 },
  paused: { word: 'paused', tone: 'amber', step: null },
  finished: { word: 'done', tone: 'green', step: 4 },
  abandoned: { word: 'abandoned', tone: 'red', step: null },
}

/** A phase that this page does not know yet is shown under its own name. */
export function lookOf(phase: string): PhaseLook {
  return LOOKS[phase] ?? { word: phase, tone: 'calm', step: null }
}

export function hasEnded({ phase }: Pick<RunView, 'phase'>): boolean {
  return phase === 'finished' || phase === 'abandoned'
}
