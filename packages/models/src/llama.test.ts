import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Linear } from './architecture.ts'
import { causalMask } from './attention-mask.ts'
import { plainLinear } from './linear.ts'
import { llama } from './llama.ts'
import { tinyConfigJson, tinyTensors, wiggle } from './tiny-model.ts'

const config = llama.config.parse(tinyConfigJson)
const specs = llama.parameters(config)

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const parameters = () =>
  Object.fromEntries(
    Object.entries(tinyTensors(specs)).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  )

/** Hidden states of some rows of equal length, [B, T, 8]. */
function hiddenOf(rows: number[][], linear: Linear = plainLinear): number[][][] {
  const length = rows[0]!.length
  const { cos, sin } = llama.network.rotaryTables(config, [...new Array(length).keys()])
  const hidden = llama.network.forward(config, {
    parameters: parameters(),
    linear,
    tokens: tf.tensor2d(rows, undefined, 'int32'),
    cos: tf.tensor(cos, [1, length, 4]),
    sin: tf.tensor(sin, [1, length, 4]),
    mask: tf.tensor(causalMask(length), [length, length]),
  })
  return hidden.arraySync()
}

describe('llama', () => {
  it('has 7 sites a layer, in the order q, k, v, o, gate, up, down, and each is a parameter', () => {
    const sites = llama.sites(config)
    const last = (name: string) => name.split('.').at(-1)
    expect(sites.slice(7).map(({ name }) => last(name))).toEqual(
      ['q', 'k', 'v', 'o', 'gate', 'up', 'down'].map((part) => `${part}_proj`),
    )
    expect(sites[8]).toEqual({ name: 'model.layers.1.self_attn.k_proj', outDim: 8, inDim: 8 }) // 2 key heads of 4
    for (const { name, outDim, inDim } of sites) {
      expect(specs).toContainEqual({ name: `${name}.weight`, shape: [outDim, inDim] })
    }
  })

  it('has an own head only where the embeddings are not tied', () => {
    const untied = llama.config.parse({ ...tinyConfigJson, tie_word_embeddings: false })
    expect(llama.parameters(untied).at(-1)).toEqual({ name: 'lm_head.weight', shape: [6, 8] })
    expect(specs.at(-1)).toEqual({ name: 'model.norm.weight', shape: [8] })
    const [tiedHead, ownHead] = [tf.zeros([6, 8]), tf.ones([6, 8])]
    const both = { 'model.embed_tokens.weight': tiedHead, 'lm_head.weight': ownHead }
    expect(llama.network.headWeight(config, both)).toBe(tiedHead)
    expect(llama.network.headWeight(untied, both)).toBe(ownHead)
  })

  it('takes head_dim, key heads and the rotary base from where newer and older configs keep them', () => {
    const { head_dim: _, num_key_value_heads: __, rope_theta: ___, ...bare } = tinyConfigJson
    expect(llama.config.parse(bare)).toMatchObject({ head_dim: 2, num_key_value_heads: 4, rope_theta: 10_000 })
    const newer = { ...bare, rope_parameters: { rope_theta: 500, rope_type: 'default' } }
    expect(llama.config.parse(newer)).toMatchObject({ rope_theta: 500 })
  })

  it('lets no token see the ones after it, nor the other rows of the batch', () => {
    const [row, other] = hiddenOf([
      [0, 2, 3, 4],
      [0, 2, 3, 5],
    ])
    expect(row!.slice(0, 3)).toEqual(other!.slice(0, 3))
    expect(row![3]).not.toEqual(other![3])
    const [alone] = hiddenOf([[0, 2, 3]])
    for (const [at, state] of alone!.entries()) {
      for (const [d, number] of state.entries()) expect(row![at]![d]).toBeCloseTo(number, 5)
    }
  })

  it('sees order: the same two tokens before the third, exchanged, give it another state', () => {
    const [forward, exchanged] = hiddenOf([
      [2, 3, 4],
      [3, 2, 4],
    ])
    const difference = Math.max(...forward![2]!.map((number, d) => Math.abs(number - exchanged![2]![d]!)))
    expect(difference).toBeGreaterThan(1e-3)
  })

  it('calls linear once for every site, in order, with x [B · T, inDim] and the weight [outDim, inDim]', () => {
    const calls: unknown[] = []
    hiddenOf([[0, 2, 3]], (site, x, weight) => {
      calls.push({ name: site, outDim: weight.shape[0], inDim: x.shape[1], rows: x.shape[0] })
      expect(x.shape[1]).toBe(weight.shape[1])
      return plainLinear(site, x, weight)
    })
    expect(calls).toEqual(llama.sites(config).map((site) => ({ ...site, rows: 3 })))
  })

  it('gives logits [N, V] as hidden · headᵀ', () => {
    const hidden = tf.tensor2d(wiggle(16, 5), [2, 8])
    const logits = llama.network.head(config, parameters(), hidden)
    const embedding = tinyTensors(specs)['model.embed_tokens.weight']!.data
    const byHand = wiggle(16, 5)
      .slice(8)
      .reduce((sum, number, d) => sum + number * embedding[3 * 8 + d]!, 0)
    expect(logits.shape).toEqual([2, 6])
    expect(logits.arraySync()[1]![3]).toBeCloseTo(byHand, 5)
  })
})
