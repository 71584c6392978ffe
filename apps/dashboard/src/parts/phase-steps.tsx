import { lookOf, STEPS } from '../phases.ts'

/** The way of a run as five steps, the present one in its colour. */
export function PhaseSteps({ phase }: { readonly phase: string }) {
  const { word, tone, step } = lookOf(phase)
  return (
    <ol className={`steps tone-${tone}`} aria-label={`Phase: ${word}`}>
      {STEPS.map((name, index) => (
        <li key={name} className={stateOf(index, step)} aria-current={index === step ? 'step' : undefined}>
          <span className={index === step ? '' : 'unseen'}>{name}</span>
        </li>
      ))}
      {step === null && <li className="aside">{word}</li>}
    </ol>
  )
}

function stateOf(index: number, step: number | null): string {
  if (step === null) return ''
  return index < step ? 'past' : index === step ? 'present' : ''
}
