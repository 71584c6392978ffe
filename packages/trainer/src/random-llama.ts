import {
  type AdapterLayout,
  adapterMethods,
  createLayout,
  type FactorSet,
  factorKey,
  flatten,
  frozenFactors,
  sizeOf,
} from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import { type BaseModel, llama } from '@tessera/models'
import { type Coordinates, unwrap } from '@tessera/vocabulary'

/** What the tests' tokenizer knows besides `<end>` (0) and `<pad>` (1): one token a character. */
const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz :\n'

/**
 * A model for tests: a random Llama of two layers and width 16 (2 heads of 8 over one key head, inner width 24, 64
 * positions) over single characters. Everything the trainer does can be done with it in milliseconds.
 */
export function randomLlama(seed: number): BaseModel {
  const config = llama.config.parse({
    model_type: 'llama',
    vocab_size: CHARACTERS.length + 2,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    hidden_act: 'silu',
    max_position_embeddings: 64,
    tie_word_embeddings: true,
  })
  const parameters = llama.parameters(config).map(({ name, shape }, block) => {
    const random = createRandomStream({ seed, purpose: 'random-llama', round: 0, client: 0, block })
    const length = shape.reduce((product, size) => product * size, 1)
    const data = Float32Array.from({ length }, () => (shape.length === 1 ? 1 : random.bell() / 2))
    return [name, { shape, data }] as const
  })
  return {
    architecture: llama as unknown as BaseModel['architecture'],
    config,
    parameters: Object.fromEntries(parameters),
    tokenizer: {
      encode: (text) => [...text].map((character) => CHARACTERS.indexOf(character) + 2),
      decode: (ids) => ids.map((id) => CHARACTERS[id - 2] ?? (id === 0 ? '<end>' : '<pad>')).join(''),
      endOfTextId: 0,
      padId: 1,
      vocabSize: CHARACTERS.length + 2,
    },
  }
}

export interface RandomAdapter {
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
  /** Far from zero, so that the adapter changes what the model says. */
  readonly coordinates: Coordinates
}

/** LoRA-SB of rank 3 on every linear layer, all factors random. */
export function randomAdapter({ architecture, config }: BaseModel, seed: number): RandomAdapter {
  const layout = createLayout(unwrap(adapterMethods.byName('lora-sb')), { rank: 3 }, architecture.sites(config))
  const random = createRandomStream({ seed, purpose: 'random-adapter', round: 0, client: 0, block: 0 })
  const factors = layout.sites.flatMap(({ site, adapter }) =>
    adapter.factors.map((factor) => {
      const values = Float32Array.from({ length: sizeOf(factor) }, () => random.bell() / 2)
      return [factorKey(site.name, factor.name), values] as const
    }),
  )
  const set = Object.fromEntries(factors)
  return { layout, frozen: frozenFactors(layout, set), coordinates: flatten(layout, set) }
}
