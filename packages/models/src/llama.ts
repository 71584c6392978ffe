import * as tf from '@tensorflow/tfjs'
import type { Site } from '@tessera/vocabulary'
import type { Architecture, ForwardContext, ParameterSpec, Parameters } from './architecture.ts'
import { attention } from './fused/attention.ts'
import { embed } from './fused/embed.ts'
import { rmsNorm } from './fused/rms-norm.ts'
import { rotate } from './fused/rotate.ts'
import { siluGate } from './fused/silu-gate.ts'
import { type LlamaConfig, llamaConfig } from './llama-config.ts'
import { rotaryTables } from './rotary.ts'

const EMBEDDING = 'model.embed_tokens.weight'
const FINAL_NORM = 'model.norm.weight'
const HEAD = 'lm_head.weight'

/**
 * Llama: RMSNorm, rotary positions, grouped-query attention, SwiGLU, no biases, a tied or an own head.
 * Touvron et al. 2023 (https://arxiv.org/abs/2302.13971, https://arxiv.org/abs/2307.09288).
 */
export const llama: Architecture<LlamaConfig> = {
  name: 'llama',
  config: llamaConfig,
  parameters: (config) => [
    { name: EMBEDDING, shape: [config.vocab_size, config.hidden_size] },
    ...layerIndices(config).flatMap((layer) => layerParameters(config, layer)),
    { name: FINAL_NORM, shape: [config.hidden_size] },
    ...(config.tie_word_embeddings ? [] : [{ name: HEAD, shape: [config.vocab_size, config.hidden_size] }]),
  ],
  sites: (config) => layerIndices(config).flatMap((layer) => layerSites(config, layer)),
  network: {
    rotaryTables,
    forward,
    head: (config, parameters, hidden) => tf.matMul(hidden, headWeight(config, parameters), false, true),
    headWeight,
  },
}

function headWeight(config: LlamaConfig, parameters: Parameters): tf.Tensor2D {
  return parameters[config.tie_word_embeddings ? EMBEDDING : HEAD] as tf.Tensor2D
}

const layerIndices = ({ num_hidden_layers }: LlamaConfig): number[] => [...new Array(num_hidden_layers).keys()]

function layerSites(config: LlamaConfig, layer: number): Site[] {
  const { hidden_size: width, intermediate_size: inner } = config
  const queryWidth = config.num_attention_heads * config.head_dim
  const keyWidth = config.num_key_value_heads * config.head_dim
  const site = (name: string, outDim: number, inDim: number): Site => ({
    name: `model.layers.${layer}.${name}`,
    outDim,
    inDim,
  })
  return [
    site('self_attn.q_proj', queryWidth, width),
    site('self_attn.k_proj', keyWidth, width),
    site('self_attn.v_proj', keyWidth, width),
    site('self_attn.o_proj', width, queryWidth),
    site('mlp.gate_proj', inner, width),
    site('mlp.up_proj', inner, width),
    site('mlp.down_proj', width, inner),
  ]
}

function layerParameters(config: LlamaConfig, layer: number): ParameterSpec[] {
  const norm = (name: string): ParameterSpec => ({
    name: `model.layers.${layer}.${name}.weight`,
    shape: [config.hidden_size],
  })
  const linears = layerSites(config, layer).map(({ name, outDim, inDim }) => ({
    name: `${name}.weight`,
    shape: [outDim, inDim],
  }))
  return [norm('input_layernorm'), ...linears, norm('post_attention_layernorm')]
}

/** Tokens [B, T] → hidden states after the final norm, [B, T, D]. */
function forward(config: LlamaConfig, context: ForwardContext): tf.Tensor3D {
  const { parameters, tokens } = context
  const [batch, length] = tokens.shape
  const { hidden_size: width, rms_norm_eps: eps } = config
  const normed = (x: tf.Tensor2D, name: string) => rmsNorm(x, parameters[name] as tf.Tensor1D, eps)
  let x = embed(parameters[EMBEDDING] as tf.Tensor2D, tf.reshape(tokens, [batch * length])) // [B · T, D]
  for (const layer of layerIndices(config)) {
    const at = `model.layers.${layer}`
    x = tf.add(x, attentionBlock(config, context, at)(normed(x, `${at}.input_layernorm.weight`)))
    x = tf.add(x, feedForwardBlock(context, at)(normed(x, `${at}.post_attention_layernorm.weight`)))
  }
  return tf.reshape(normed(x, FINAL_NORM), [batch, length, width])
}

type Block = (x: tf.Tensor2D) => tf.Tensor2D

/** The linear layers under `prefix`, by the last part of their name. */
const linearsOf =
  ({ linear, parameters }: ForwardContext, prefix: string) =>
  (name: string, x: tf.Tensor2D): tf.Tensor2D =>
    linear(`${prefix}.${name}`, x, weightOf(parameters, `${prefix}.${name}`))

const weightOf = (parameters: Parameters, site: string): tf.Tensor2D => parameters[`${site}.weight`] as tf.Tensor2D

/** Grouped-query attention over x [B · T, D]. */
function attentionBlock(config: LlamaConfig, context: ForwardContext, layer: string): Block {
  const [batch, length] = context.tokens.shape
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, head_dim: headDim } = config
  const group = heads / kvHeads
  const linear = linearsOf(context, `${layer}.self_attn`)
  const cos = tf.reshape(context.cos, [-1, length, 1, headDim]) as tf.Tensor4D
  const sin = tf.reshape(context.sin, [-1, length, 1, headDim]) as tf.Tensor4D
  const split = (x: tf.Tensor2D): tf.Tensor4D => tf.reshape(x, [batch, length, -1, headDim]) // [B, T, heads, headDim]
  const byHead = (x: tf.Tensor4D): tf.Tensor4D => tf.transpose(x, [0, 2, 1, 3]) // [B, heads, T, headDim]
  return (x) => {
    const q = byHead(rotate(split(linear('q_proj', x)), cos, sin))
    const k = byHead(rotate(split(linear('k_proj', x)), cos, sin)) // [B, kvHeads, T, headDim]
    const v = byHead(split(linear('v_proj', x)))
    // Query head h reads key head floor(h / group): consecutive heads are one group, so this is a view.
    const grouped = tf.reshape(q, [batch, kvHeads, group * length, headDim]) as tf.Tensor4D
    const mixed = attention(grouped, k, v, { mask: context.mask, scale: headDim ** -0.5 })
    const perHead = tf.reshape(mixed, [batch, heads, length, headDim])
    const merged = tf.reshape(tf.transpose(perHead, [0, 2, 1, 3]), [batch * length, heads * headDim]) as tf.Tensor2D
    return linear('o_proj', merged)
  }
}

/** SwiGLU over x [B · T, D]: down(silu(gate x) · up x). */
function feedForwardBlock(context: ForwardContext, layer: string): Block {
  const linear = linearsOf(context, `${layer}.mlp`)
  return (x) => linear('down_proj', siluGate(linear('gate_proj', x), linear('up_proj', x)))
}
