export type {
  Architecture,
  ForwardContext,
  Linear,
  ModelConfig,
  Network,
  ParameterSpec,
  Parameters,
  RotaryTables,
} from './architecture.ts'
export { causalMask, FORBIDDEN } from './attention-mask.ts'
export {
  architectures,
  BASE_MODEL_FILES,
  type BaseModel,
  type BaseModelFile,
  type BaseParameter,
  loadBaseModel,
  type ReadModelFile,
} from './base-model.ts'
export { type AttentionOptions, attention } from './fused/attention.ts'
export { crossEntropy, headCrossEntropy, headTokenLosses, tokenLosses } from './fused/cross-entropy.ts'
export { embed } from './fused/embed.ts'
export { rmsNorm } from './fused/rms-norm.ts'
export { rotate } from './fused/rotate.ts'
export { siluGate } from './fused/silu-gate.ts'
export { plainLinear } from './linear.ts'
export { llama } from './llama.ts'
export type { LlamaConfig } from './llama-config.ts'
export { otherWeights } from './other-weights.ts'
export { rotaryTables } from './rotary.ts'
export {
  readSafetensors,
  type SafetensorsDtype,
  type SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from './safetensors.ts'
export { createTokenizer, type Tokenizer } from './tokenizer.ts'
