import type * as tf from '@tensorflow/tfjs'
import type { Site } from '@tessera/vocabulary'
import type { z } from 'zod'

/** What every architecture's config tells; the names are those of the checkpoint's `config.json`. */
export interface ModelConfig {
  readonly vocab_size: number
  readonly hidden_size: number
  /** The longest sequence, in tokens. */
  readonly max_position_embeddings: number
}

export interface ParameterSpec {
  /** The checkpoint's name, e.g. `model.norm.weight`. */
  readonly name: string
  readonly shape: readonly number[]
}

export type Parameters = Readonly<Record<string, tf.Tensor>>

/** x [N, inDim], weight [outDim, inDim] → [N, outDim]. Adapters take the place of the plain product here. */
export type Linear = (site: string, x: tf.Tensor2D, weight: tf.Tensor2D) => tf.Tensor2D

/** Everything one pass over B sequences of T tokens needs; nothing in it is computed inside the graph. */
export interface ForwardContext {
  readonly parameters: Parameters
  readonly linear: Linear
  /** Token ids, int32 [B, T]. */
  readonly tokens: tf.Tensor2D
  /** Rotary tables, [B or 1, T, headDim], see `rotaryTables`. */
  readonly cos: tf.Tensor
  readonly sin: tf.Tensor
  /** Added to the scores: 0, or a finite -1e9 where attention is forbidden; broadcasts to [B, heads, T, T]. */
  readonly mask: tf.Tensor
}

export interface RotaryTables {
  readonly cos: Float32Array
  readonly sin: Float32Array
}

/** The graph of an architecture: plain tfjs functions with static shapes, which a compiler can trace. */
export interface Network<Config> {
  /** Rotary tables of `positions`, each [positions.length, headDim]. */
  rotaryTables(config: Config, positions: readonly number[]): RotaryTables
  /** Hidden states after the final norm, [B, T, D]. */
  forward(config: Config, context: ForwardContext): tf.Tensor3D
  /** Logits [N, V] of hidden states [N, D]. */
  head(config: Config, parameters: Parameters, hidden: tf.Tensor2D): tf.Tensor2D
  /** The output matrix, [V, D], for `headCrossEntropy`, which never forms the logits' gradient. */
  headWeight(config: Config, parameters: Parameters): tf.Tensor2D
}

/** The contract of a base-model architecture. */
export interface Architecture<Config extends ModelConfig> {
  /** As in `model_type` of config.json. */
  readonly name: string
  /** Parses config.json and refuses what the forward pass does not do. */
  readonly config: z.ZodType<Config>
  /** Every parameter of the checkpoint, in the order of the layers. */
  parameters(config: Config): readonly ParameterSpec[]
  /** Every linear layer an adapter can take, in the order of the layers. */
  sites(config: Config): readonly Site[]
  readonly network: Network<Config>
}
