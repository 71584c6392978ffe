import { lookOf } from '../phases.ts'

/** A run's phase as a word in its colour. */
export function PhaseBadge({ phase }: { readonly phase: string }) {
  const { word, tone } = lookOf(phase)
  return <span className={`badge tone-${tone}`}>{word}</span>
}
