import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { openExecutor, type StepProgram } from '@tessera/compiler'
import { type BaseModel, causalMask, headCrossEntropy, loadBaseModel, plainLinear } from '@tessera/models'
import { unwrap } from '@tessera/vocabulary'
import { beforeAll, describe, expect, it } from 'vitest'

/** What transformers and PyTorch say, made by make_llama_golden.py; arrays are base64 of float32. */
interface Golden {
  readonly startId: number
  readonly logitStride: number
  readonly texts: readonly {
    readonly text: string
    readonly ids: readonly number[]
    readonly logits: { readonly sampled: string; readonly logSumExp: string; readonly last: string }
  }[]
  readonly loss: number
  readonly gradients: Readonly<
    Record<string, { shape: readonly number[]; norm: number; stride: number; sampled: string }>
  >
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'llama.json'), 'utf8'))
const modelFolder = join(import.meta.dirname, '..', '..', 'models', 'tiny-debian-llama')

/** The five texts as one batch: each starts with the end-of-text token and is padded at its end. */
const rows = golden.texts.map(({ ids }) => [golden.startId, ...ids])
const batch = rows.length
const length = Math.max(...rows.map((row) => row.length))
const padded = (at: (row: number[], position: number) => number) =>
  rows.flatMap((row) => Array.from({ length }, (_, position) => at(row, position)))

const floats = (base64: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)
const norm = (numbers: Float32Array): number => Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0))
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a, (number, i) => Math.abs(number - b[i]!)))
}

let model: BaseModel

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(join(modelFolder, file))))
})

const trainedNames = Object.keys(golden.gradients)
const float = (data: Float32Array, shape: readonly number[]) => ({ dtype: 'float32' as const, shape, data })
const int = (numbers: readonly number[], shape: readonly number[]) => ({
  dtype: 'int32' as const,
  shape,
  data: Int32Array.from(numbers),
})

/** Everything but the trained weights: the frozen parameters, the batch, its targets and their weights. */
function constants(): StepProgram['constants'] {
  const { architecture, config, tokenizer } = model
  const { cos, sin } = architecture.network.rotaryTables(config, [...new Array(length).keys()])
  const frozen = Object.entries(model.parameters).filter(([name]) => !trainedNames.includes(name))
  const predicted = rows.reduce((sum, row) => sum + row.length - 1, 0)
  const weights = padded((row, position) => (position + 1 < row.length ? 1 / predicted : 0))
  return {
    ...Object.fromEntries(frozen.map(([name, { shape, data }]) => [name, float(data, shape)])),
    cos: float(cos, [1, length, cos.length / length]),
    sin: float(sin, [1, length, sin.length / length]),
    mask: float(causalMask(length), [1, 1, length, length]),
    tokens: int(
      padded((row, position) => row[position] ?? tokenizer.padId),
      [batch, length],
    ),
    targets: int(
      padded((row, position) => row[position + 1] ?? 0),
      [batch * length],
    ),
    weights: float(Float32Array.from(weights), [batch * length]),
  }
}

/** Logits of the whole batch; mean next-token loss and its gradient for every trained weight. */
function program(): StepProgram {
  const { network } = model.architecture
  const { config } = model
  const step: StepProgram['step'] = (inputs) => {
    const hiddenOf = (parameters: Record<string, tf.Tensor>): tf.Tensor2D => {
      const { tokens, cos, sin, mask } = inputs as Record<'cos' | 'sin' | 'mask', tf.Tensor> & { tokens: tf.Tensor2D }
      const hidden = network.forward(config, { parameters, linear: plainLinear, tokens, cos, sin, mask })
      return tf.reshape(hidden, [batch * length, config.hidden_size])
    }
    const loss = (...trained: tf.Tensor[]) => {
      const parameters = { ...inputs, ...Object.fromEntries(trained.map((tensor, i) => [trainedNames[i]!, tensor])) }
      const { targets, weights } = inputs as Record<'targets' | 'weights', tf.Tensor1D>
      return headCrossEntropy(hiddenOf(parameters), network.headWeight(config, parameters), targets, weights)
    }
    const { value, grads } = tf.valueAndGrads(loss)(trainedNames.map((name) => inputs[name]!))
    return {
      logits: network.head(config, inputs, hiddenOf(inputs)),
      loss: value,
      ...Object.fromEntries(grads.map((gradient, i) => [trainedNames[i]!, gradient])),
    }
  }
  const inputs = Object.fromEntries(
    Object.entries(golden.gradients).map(([name, { shape }]) => [name, { shape, dtype: 'float32' as const }]),
  )
  return { step, inputs, constants: constants() }
}

async function runOn(device: string): Promise<Record<string, Float32Array>> {
  const { executor } = await openExecutor(device, { threads: 2 })
  try {
    const compiled = await executor.prepare(program())
    const trained = Object.fromEntries(trainedNames.map((name) => [name, model.parameters[name]!.data]))
    return (await compiled.run(trained)) as Record<string, Float32Array>
  } finally {
    await executor.dispose()
  }
}

describe('tiny-debian-llama against transformers', () => {
  it('reads the same token ids from five texts, and the texts from the ids', () => {
    for (const { text, ids } of golden.texts) {
      expect(model.tokenizer.encode(text)).toEqual(ids)
      expect(model.tokenizer.decode(ids)).toBe(text)
    }
  })

  describe.each(['tfjs-wasm', 'onnx-cpu'])('on %s', (device) => {
    let outputs: Record<string, Float32Array>

    beforeAll(async () => {
      outputs = await runOn(device)
    })

    it('gives the same logits, every position of every text, within 1e-4', () => {
      const vocabulary = model.config.vocab_size
      const rowOf = (at: number) => outputs.logits!.subarray(at * vocabulary, (at + 1) * vocabulary)
      const logSumExp = (row: Float32Array) => Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0))
      for (const [i, { logits: expected }] of golden.texts.entries()) {
        const logits = rows[i]!.map((_, position) => rowOf(i * length + position))
        const sampled = logits.flatMap((row) => [...row.filter((_, id) => id % golden.logitStride === 0)])
        expect(largestDifference(sampled, floats(expected.sampled))).toBeLessThan(1e-4)
        expect(largestDifference(logits.at(-1)!, floats(expected.last))).toBeLessThan(1e-4)
        expect(largestDifference(logits.map(logSumExp), floats(expected.logSumExp))).toBeLessThan(1e-4)
      }
    })

    it('gives the same mean next-token loss within 1e-5', () => {
      expect(Math.abs(outputs.loss![0]! - golden.loss)).toBeLessThan(1e-5)
    })

    it.each(trainedNames)('gives the same gradient of %s within 1e-3 of its norm', (name) => {
      const expected = golden.gradients[name]!
      const sampled = outputs[name]!.filter((_, at) => at % expected.stride === 0)
      const expectedSample = floats(expected.sampled)
      const difference = sampled.map((number, at) => number - expectedSample[at]!)
      expect(sampled.length).toBe(expectedSample.length)
      expect(norm(difference) / norm(expectedSample)).toBeLessThan(1e-3)
      expect(Math.abs(norm(outputs[name]!) / expected.norm - 1)).toBeLessThan(1e-3)
    })
  })
})
