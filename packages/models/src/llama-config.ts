import { z } from 'zod'

const size = z.int().positive()

/** The part of a Llama checkpoint's config.json that the forward pass needs; what it does not do is refused. */
const checkpointConfig = z.object({
  model_type: z.literal('llama'),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.literal('silu'),
  max_position_embeddings: size.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  // Newer checkpoints keep the rotary base here; scaled rotary positions are not known to this architecture.
  rope_parameters: z.object({ rope_theta: z.number().positive(), rope_type: z.literal('default') }).nullish(),
  rope_scaling: z.null().optional(),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(false),
})

/** A Llama config with every default filled in. */
export const llamaConfig = checkpointConfig
  .transform(({ rope_parameters, rope_scaling: _, ...config }) => ({
    ...config,
    num_key_value_heads: config.num_key_value_heads ?? config.num_attention_heads,
    head_dim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    rope_theta: config.rope_theta ?? rope_parameters?.rope_theta ?? 10_000,
  }))
  .refine(({ head_dim }) => head_dim % 2 === 0, { path: ['head_dim'], error: 'must be a whole even number' })
  .refine(({ num_attention_heads, num_key_value_heads }) => num_attention_heads % num_key_value_heads === 0, {
    path: ['num_key_value_heads'],
    error: 'must divide num_attention_heads',
  })

export type LlamaConfig = z.infer<typeof llamaConfig>
