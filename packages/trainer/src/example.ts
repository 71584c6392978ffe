/** What comes before a completion. Only `body` is cut when an example is too long. */
export interface Prompt {
  readonly head: string
  readonly body: string
  readonly tail: string
  /** Which end of the body goes first. */
  readonly cut: 'start' | 'end'
}

/** One thing to learn: say `completion` after `prompt`. */
export interface Example {
  /** Line of the data file, from 1, for messages. */
  readonly line: number
  readonly prompt: Prompt
  readonly completion: string
  /** The class of a classification row; null elsewhere. */
  readonly label: string | null
}

/** The distinct labels of some examples, in code-unit order: the same list wherever the same data lies. */
export function labelsOf(examples: readonly Pick<Example, 'label'>[]): string[] {
  return [...new Set(examples.flatMap(({ label }) => (label === null ? [] : [label])))].sort()
}
