import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { z } from 'zod'
import type { Architecture, ModelConfig } from './architecture.ts'
import * as list from './architectures.ts'
import { readSafetensors, type SafetensorsTensor } from './safetensors.ts'
import { createTokenizer, type Tokenizer } from './tokenizer.ts'

/** The files that make a base model; a model is named by their hashes. */
export const BASE_MODEL_FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'] as const
export type BaseModelFile = (typeof BASE_MODEL_FILES)[number]

/** Gives the bytes of one file of the model folder, or undefined if there is no such file. */
export type ReadModelFile = (file: BaseModelFile) => Promise<Uint8Array | undefined>

/** One frozen parameter, float32, row-major. */
export interface BaseParameter {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface BaseModel {
  readonly architecture: Architecture<ModelConfig>
  readonly config: ModelConfig
  /** By the checkpoint's names, in the architecture's order; nothing else from the checkpoint is kept. */
  readonly parameters: Readonly<Record<string, BaseParameter>>
  readonly tokenizer: Tokenizer
}

/** Every known architecture by the `model_type` that config.json uses. */
export const architectures: Readonly<Record<string, Architecture<ModelConfig>>> = Object.fromEntries(
  Object.values(list).map((architecture) => [architecture.name, architecture as Architecture<ModelConfig>]),
)

/**
 * Load and check a base model in the Hugging Face layout (`BASE_MODEL_FILES`).
 *
 * @returns The model, or `missing-weights` (no model.safetensors), `unknown-architecture` (the known ones are listed),
 *   `corrupt-safetensors`, or `invalid-model` (what is missing or has another shape is named).
 */
export async function loadBaseModel(read: ReadModelFile): Promise<Result<BaseModel, FedError>> {
  try {
    const configJson = parseJson('config.json', await readRequired(read, 'config.json'))
    const architecture = findArchitecture(configJson)
    const config = parseConfig(architecture, configJson)
    const weights = await readWeights(read)
    const parameters = Object.fromEntries(
      architecture.parameters(config).map(({ name, shape }) => [name, checkParameter(weights, name, shape)]),
    )
    const tokenizer = createTokenizer(
      parseJson('tokenizer.json', await readRequired(read, 'tokenizer.json')),
      parseJson('tokenizer_config.json', await readRequired(read, 'tokenizer_config.json')),
    )
    checkVocabulary(tokenizer, config)
    return ok({ architecture, config, parameters, tokenizer })
  } catch (error) {
    if (error instanceof FedError) return err(error)
    throw error
  }
}

async function readRequired(read: ReadModelFile, file: BaseModelFile): Promise<Uint8Array> {
  const bytes = await read(file)
  if (bytes !== undefined) return bytes
  throw new FedError('invalid-model', `the model folder has no ${file}`, {
    details: { file },
    fix: `A model folder needs ${BASE_MODEL_FILES.join(', ')}.`,
  })
}

async function readWeights(read: ReadModelFile): Promise<Readonly<Record<string, SafetensorsTensor>>> {
  const bytes = await read('model.safetensors')
  if (bytes === undefined) {
    throw new FedError('missing-weights', 'the model folder has no model.safetensors', {
      fix: 'Put the weights there as one safetensors file; a checkpoint in several parts must be joined first.',
    })
  }
  const file = readSafetensors(bytes)
  if (file.ok) return file.value.tensors
  const { message, details, fix } = file.error
  throw new FedError(file.error.code, `model.safetensors: ${message}`, {
    details,
    cause: file.error,
    ...(fix && { fix }),
  })
}

function parseJson(file: BaseModelFile, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new FedError('invalid-model', `${file} is not JSON in UTF-8`, { details: { file }, cause })
  }
}

function findArchitecture(configJson: unknown): Architecture<ModelConfig> {
  const named = z.object({ model_type: z.string() }).safeParse(configJson)
  if (!named.success) throw new FedError('invalid-model', 'config.json names no model_type')
  const { model_type: name } = named.data
  if (Object.hasOwn(architectures, name)) return architectures[name]!
  const known = Object.keys(architectures).sort()
  throw new FedError('unknown-architecture', `the model's architecture is "${name}"; known: ${known.join(', ')}`, {
    details: { name, known },
    fix: `Use a model whose model_type is one of: ${known.join(', ')}.`,
  })
}

function parseConfig(architecture: Architecture<ModelConfig>, configJson: unknown): ModelConfig {
  const config = architecture.config.safeParse(configJson)
  if (config.success) return config.data
  throw new FedError(
    'invalid-model',
    `config.json is not valid for ${architecture.name}: ${z.prettifyError(config.error)}`,
  )
}

function checkParameter(
  weights: Readonly<Record<string, SafetensorsTensor>>,
  name: string,
  expected: readonly number[],
): BaseParameter {
  const tensor = Object.hasOwn(weights, name) ? weights[name]! : undefined
  if (tensor === undefined) {
    throw new FedError('invalid-model', `model.safetensors has no tensor "${name}" [${expected}]`, {
      details: { tensor: name, expected },
      fix: 'Check that config.json belongs to these weights.',
    })
  }
  if (expected.join() !== tensor.shape.join()) {
    throw new FedError('invalid-model', `tensor "${name}": expected shape [${expected}], got [${tensor.shape}]`, {
      details: { tensor: name, expected, actual: tensor.shape },
      fix: 'Check that config.json belongs to these weights.',
    })
  }
  return { shape: tensor.shape, data: tensor.data }
}

function checkVocabulary({ vocabSize }: Tokenizer, { vocab_size }: ModelConfig): void {
  if (vocabSize <= vocab_size) return
  throw new FedError('invalid-model', `the tokenizer has ${vocabSize} tokens, the model only ${vocab_size}`, {
    details: { expected: vocab_size, actual: vocabSize },
    fix: 'Check that tokenizer.json belongs to these weights.',
  })
}
