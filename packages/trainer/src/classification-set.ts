import type { ClassificationSpec } from './data-spec.ts'
import { type Example, labelsOf } from './example.ts'
import { type LabelTrie, labelTrie } from './label-trie.ts'
import { templateParts } from './template-parts.ts'
import { completionTokens, type TokenizedExample, type TokenizeOptions, tokenizeExamples } from './tokenize-examples.ts'

/** Rows to classify and the labels to choose from, in tokens. */
export interface ClassificationSet {
  readonly trie: LabelTrie
  readonly examples: readonly TokenizedExample[]
}

/**
 * The labels are the specification's, or those of the examples. Every prompt leaves room for the longest label.
 *
 * @throws {FedError} `invalid-data`: a row does not fit; `invalid-config`: two labels have the same tokens.
 */
export function classificationSet(
  examples: readonly Example[],
  spec: ClassificationSpec,
  tokenizer: TokenizeOptions['tokenizer'],
): ClassificationSet {
  const labels = spec.labels ?? labelsOf(examples)
  const { completionOf } = templateParts(spec.template)
  const trie = labelTrie(
    labels,
    labels.map((label) => completionTokens(completionOf(label), tokenizer)),
  )
  const { maxLength } = spec
  return { trie, examples: tokenizeExamples(examples, { tokenizer, maxLength, completionRoom: trie.longest }) }
}
