import type { ParameterSpec } from './architecture.ts'
import { type SafetensorsTensor, writeSafetensors } from './safetensors.ts'

/**
 * A model for tests: a Llama of two layers, width 8, 4 heads of 4 over 2 key heads, inner width 12, vocabulary 6.
 * Small enough to write its forward pass out in loops.
 */
export const tinyConfigJson = {
  model_type: 'llama',
  vocab_size: 6,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
  hidden_act: 'silu',
  max_position_embeddings: 16,
  rms_norm_eps: 1e-5,
  rope_theta: 100,
  tie_word_embeddings: true,
}

/** Byte-level BPE over `a` and `b` with one merge: `ab`. */
export const tinyTokenizerJson = {
  version: '1.0',
  added_tokens: ['<end>', '<pad>'].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: { '<end>': 0, '<pad>': 1, a: 2, b: 3, ab: 4 },
    merges: ['a b'],
  },
}

export const tinyTokenizerConfigJson = { eos_token: '<end>', pad_token: '<pad>' }

/** Numbers in [-0.5, 0.5), the same for the same seed: a sine's lower digits, which is random enough here. */
export function wiggle(length: number, seed: number): Float32Array {
  return Float32Array.from(
    { length },
    (_, i) => (Math.abs(Math.sin(seed * 78.233 + i * 12.9898) * 43758.5453) % 1) - 0.5,
  )
}

/** Float32 tensors of every shape that is asked for, norms around 1. */
export function tinyTensors(specs: readonly ParameterSpec[]): Record<string, SafetensorsTensor> {
  return Object.fromEntries(
    specs.map(({ name, shape }, seed) => {
      const numbers = wiggle(
        shape.reduce((product, size) => product * size, 1),
        seed,
      )
      const data = shape.length === 1 ? numbers.map((number) => 1 + number) : numbers
      return [name, { dtype: 'F32' as const, shape, data }]
    }),
  )
}

/** The four files of a model folder. */
export function tinyModelFiles(specs: readonly ParameterSpec[]): Record<string, Uint8Array> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  return {
    'config.json': json(tinyConfigJson),
    'model.safetensors': writeSafetensors(tinyTensors(specs)),
    'tokenizer.json': json(tinyTokenizerJson),
    'tokenizer_config.json': json(tinyTokenizerConfigJson),
  }
}
