/** A classification template around a row's text. */
export interface TemplateParts {
  readonly head: string
  readonly tail: string
  /** What the model has to say for a label. */
  completionOf(label: string): string
}

/**
 * The parts of a template such as `{text}\nSection: {label}`. White space before `{label}` belongs to the completion:
 * tokenizers join a word with the space before it.
 */
export function templateParts(template: string): TemplateParts {
  const [head = '', rest = ''] = template.split('{text}')
  const beforeLabel = rest.slice(0, -'{label}'.length)
  const tail = beforeLabel.trimEnd()
  const space = beforeLabel.slice(tail.length)
  return { head, tail, completionOf: (label) => `${space}${label}` }
}
