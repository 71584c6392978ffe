import * as tf from '@tensorflow/tfjs'
import type { Constant, StepProgram } from '@tessera/compiler'
import { causalMask, FORBIDDEN } from '@tessera/models'
import { mergedLinear } from './adapted-linear.ts'
import { type AdaptedModel, factorTensors, modelConstants, trainedSignature } from './adapted-model.ts'
import { adaptedParameters } from './adapted-parameters.ts'
import type { LabelTrie } from './label-trie.ts'

export interface PromptShape {
  /** B, prompts. */
  readonly rows: number
  /** P, tokens each prompt is padded to. */
  readonly length: number
}

/**
 * log p(node | prompt, nodes above it) for every node of the labels' tree, in one forward pass a batch of prompts.
 * A row holds a prompt, padded at the right to P tokens, and after it the N inner nodes. A node looks at the prompt, at
 * the nodes above it and at itself, and its position is the prompt's length + depth − 1: so each path of the tree is
 * computed as if it alone followed the prompt.
 *
 * inputs: tokens and positions int32 [B, P + N]; keyMask [B, 1, 1, P + N], forbidding a row's padding; ends int32 [B],
 * index into [B · (P + N)] of each prompt's last token; the trained factors.
 * output: logLikelihoods [B, nodes].
 */
export function trieProgram(adapted: AdaptedModel, trie: LabelTrie, shape: PromptShape): StepProgram {
  const { rows } = shape
  const total = shape.length + trie.inner
  const { model, layout } = adapted
  const { architecture, config } = model
  const step = (tensors: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> => {
    const parameters = adaptedParameters(adapted, tensors)
    const hidden = architecture.network.forward(config, {
      parameters,
      linear: mergedLinear(layout, factorTensors(layout, tensors)),
      tokens: tensors.tokens as tf.Tensor2D,
      cos: tf.gather(tensors.cosTable!, tensors.positions as tf.Tensor2D),
      sin: tf.gather(tensors.sinTable!, tensors.positions as tf.Tensor2D),
      mask: tf.add(tensors.treeMask!, tensors.keyMask!),
    })
    const parentRows = tf.concat([tf.reshape(tensors.ends!, [rows, 1]), tensors.innerRows!], 1) // [B, 1 + N]
    const parents = tf.gather(tf.reshape(hidden, [rows * total, config.hidden_size]), tf.reshape(parentRows, [-1]))
    const logits = architecture.network.head(config, parameters, parents as tf.Tensor2D) // [B · (1 + N), V]
    const chosen = tf.gather(tf.reshape(logits, [-1]), tensors.nodeLogits as tf.Tensor1D)
    const normalizer = tf.gather(tf.logSumExp(logits, -1), tensors.nodeParents as tf.Tensor1D)
    return { logLikelihoods: tf.reshape(tf.sub(chosen, normalizer), [rows, trie.nodes.length]) }
  }
  const inputs = {
    tokens: { shape: [rows, total], dtype: 'int32' },
    positions: { shape: [rows, total], dtype: 'int32' },
    keyMask: { shape: [rows, 1, 1, total], dtype: 'float32' },
    ends: { shape: [rows], dtype: 'int32' },
    ...trainedSignature(layout),
  } as const
  const constants = { ...modelConstants(adapted), ...rotaryTable(adapted, shape, trie), ...treeConstants(trie, shape) }
  return { step, inputs, constants: { ...constants, ...nodeIndices(trie, rows, config.vocab_size) } }
}

/** Rotary tables of every position that occurs, [P + longest, headDim]. */
function rotaryTable(
  { model }: AdaptedModel,
  { length }: PromptShape,
  { longest }: LabelTrie,
): Record<string, Constant> {
  const positions = [...new Array(length + longest).keys()]
  const { cos, sin } = model.architecture.network.rotaryTables(model.config, positions)
  const shape = [positions.length, cos.length / positions.length]
  return { cosTable: { shape, dtype: 'float32', data: cos }, sinTable: { shape, dtype: 'float32', data: sin } }
}

/** treeMask [P + N, P + N]: causal for the prompt, the way up for a node. innerRows [B, N]: where the nodes lie. */
function treeConstants({ nodes, inner }: LabelTrie, { rows, length }: PromptShape): Record<string, Constant> {
  const total = length + inner
  const mask = causalMask(total)
  for (let node = 0; node < inner; node++) {
    const row = (length + node) * total
    mask.fill(FORBIDDEN, row + length, row + total)
    for (let above = node; above >= 0; above = nodes[above]!.parent) mask[row + length + above] = 0
  }
  const innerRows = Int32Array.from({ length: rows * inner }, (_, at) => {
    return Math.floor(at / inner) * total + length + (at % inner)
  })
  return {
    treeMask: { shape: [total, total], dtype: 'float32', data: mask },
    innerRows: { shape: [rows, inner], dtype: 'int32', data: innerRows },
  }
}

/** For node n of row b: the row of its parent among [B · (1 + N)], and its own token's logit there. */
function nodeIndices({ nodes, inner }: LabelTrie, rows: number, vocabulary: number): Record<string, Constant> {
  const shape = [rows * nodes.length]
  const nodeParents = new Int32Array(rows * nodes.length)
  const nodeLogits = new Int32Array(rows * nodes.length)
  for (let row = 0; row < rows; row++) {
    for (const [at, { parent, token }] of nodes.entries()) {
      const parentRow = row * (1 + inner) + 1 + parent
      nodeParents[row * nodes.length + at] = parentRow
      nodeLogits[row * nodes.length + at] = parentRow * vocabulary + token
    }
  }
  return {
    nodeParents: { shape, dtype: 'int32', data: nodeParents },
    nodeLogits: { shape, dtype: 'int32', data: nodeLogits },
  }
}
