import { describe, expect, it } from 'vitest'
import { BASE_MODEL_FILES, loadBaseModel } from './base-model.ts'
import { llama } from './llama.ts'
import { writeSafetensors } from './safetensors.ts'
import { tinyConfigJson, tinyModelFiles, tinyTensors, tinyTokenizerJson } from './tiny-model.ts'

const specs = llama.parameters(llama.config.parse(tinyConfigJson))
const folder = tinyModelFiles(specs)
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

const load = (changed: Record<string, Uint8Array | undefined> = {}) =>
  loadBaseModel(async (file) => (file in changed ? changed[file] : folder[file]))

async function refusalOf(changed: Record<string, Uint8Array | undefined>) {
  const result = await load(changed)
  if (result.ok) throw new Error('the folder was accepted')
  return result.error
}

const weightsWithout = (name: string) =>
  writeSafetensors(Object.fromEntries(Object.entries(tinyTensors(specs)).filter(([key]) => key !== name)))

describe('loading a base model', () => {
  it('asks for the four files and gives architecture, config, tokenizer and 20 parameters', async () => {
    const asked: string[] = []
    const result = await loadBaseModel(async (file) => {
      asked.push(file)
      return folder[file]
    })
    if (!result.ok) throw result.error
    expect(asked.sort()).toEqual([...BASE_MODEL_FILES])
    expect(result.value.architecture.name).toBe('llama')
    expect(result.value.config.vocab_size).toBe(6)
    expect(result.value.tokenizer.encode('ab')).toEqual([4])
    expect(Object.keys(result.value.parameters)).toEqual(specs.map(({ name }) => name)) // 1 + 2 · 9 + 1
    expect(result.value.parameters['model.norm.weight']).toEqual({
      shape: [8],
      data: tinyTensors(specs)['model.norm.weight']!.data,
    })
  })

  it('leaves out what the checkpoint holds beside the parameters', async () => {
    const extra = { dtype: 'F32' as const, shape: [1], data: Float32Array.of(1) }
    const result = await load({ 'model.safetensors': writeSafetensors({ ...tinyTensors(specs), extra }) })
    expect(result.ok && Object.hasOwn(result.value.parameters, 'extra')).toBe(false)
    expect(result.ok).toBe(true)
  })

  it('refuses a folder without weights', async () => {
    const error = await refusalOf({ 'model.safetensors': undefined })
    expect(error.code).toBe('missing-weights')
    expect(error.fix).toContain('one safetensors file')
  })

  it('refuses an unknown architecture and lists the known ones', async () => {
    const error = await refusalOf({ 'config.json': json({ ...tinyConfigJson, model_type: 'constructor' }) })
    expect(error.code).toBe('unknown-architecture')
    expect(error.message).toBe('the model\'s architecture is "constructor"; known: llama')
    expect(error.details).toMatchObject({ known: ['llama'] })
  })

  it('refuses a tensor of another shape and names it with both shapes', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight'
    const tensors = tinyTensors(specs)
    const swapped = { ...tensors, [name]: { ...tensors[name]!, shape: [8, 12] } }
    const error = await refusalOf({ 'model.safetensors': writeSafetensors(swapped) })
    expect(error.code).toBe('invalid-model')
    expect(error.message).toBe(`tensor "${name}": expected shape [12,8], got [8,12]`)
    expect(error.details).toEqual({ tensor: name, expected: [12, 8], actual: [8, 12] })
  })

  type Refusal = [what: string, changed: Record<string, Uint8Array | undefined>, code: string, message: string]
  const refusals: Refusal[] = [
    ...['config.json', 'tokenizer.json', 'tokenizer_config.json'].flatMap((file): Refusal[] => [
      [`a folder without ${file}`, { [file]: undefined }, 'invalid-model', `has no ${file}`],
      [`a ${file} that is no JSON`, { [file]: json('{').subarray(2) }, 'invalid-model', `${file} is not JSON`],
    ]),
    [
      'weights without a parameter',
      { 'model.safetensors': weightsWithout('model.norm.weight') },
      'invalid-model',
      'no tensor "model.norm.weight" [8]',
    ],
    [
      'truncated weights',
      { 'model.safetensors': new Uint8Array(5) },
      'corrupt-safetensors',
      'model.safetensors: the file',
    ],
    ['a config that is a list', { 'config.json': json([]) }, 'invalid-model', 'names no model_type'],
    ['biases', { 'config.json': json({ ...tinyConfigJson, attention_bias: true }) }, 'invalid-model', 'attention_bias'],
    [
      'scaled rotary positions',
      { 'config.json': json({ ...tinyConfigJson, rope_scaling: { type: 'linear', factor: 2 } }) },
      'invalid-model',
      'rope_scaling',
    ],
    [
      'key heads that do not divide the heads',
      { 'config.json': json({ ...tinyConfigJson, num_key_value_heads: 3 }) },
      'invalid-model',
      'must divide num_attention_heads',
    ],
    ['an odd head', { 'config.json': json({ ...tinyConfigJson, head_dim: 3 }) }, 'invalid-model', 'whole even number'],
    [
      'a tokenizer larger than the vocabulary',
      {
        'tokenizer.json': json({
          ...tinyTokenizerJson,
          model: { ...tinyTokenizerJson.model, vocab: { ...tinyTokenizerJson.model.vocab, c: 5, d: 6 } },
        }),
      },
      'invalid-model',
      'the tokenizer has 7 tokens, the model only 6',
    ],
  ]

  it.each(refusals)('refuses %s and says so', async (_what, changed, code, message) => {
    const error = await refusalOf(changed)
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  it('lets a failure of the reader itself through', async () => {
    const broken = loadBaseModel(() => Promise.reject(new Error('disk on fire')))
    await expect(broken).rejects.toThrow('disk on fire')
  })
})
