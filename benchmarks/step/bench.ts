import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import * as tf from '@tensorflow/tfjs'
import { type Arrays, type CompiledStep, openExecutor, type StepProgram } from '@tessera/compiler'
import { RANK, SEQUENCES, TOKENS, transformerInputs, transformerStep } from './transformer-step.ts'

/** One product of 2 · 1024 · 768 · 3072 operations: what ONNX Runtime reaches when it does nothing else. */
const PRODUCT: StepProgram = {
  inputs: { a: { shape: [1024, 768], dtype: 'float32' }, b: { shape: [768, 3072], dtype: 'float32' } },
  constants: {},
  // Only the sum leaves the graph, so that no time goes into handing over twelve megabytes.
  step: ({ a, b }) => ({ sum: tf.sum(tf.matMul(a!, b!)) }),
}

/** Products timed as one: as much work as a step, so that other load on the machine meets both alike. */
const PRODUCTS = 12
const ROUNDS = 20
const WASM_RUNS = 2

interface StepResult {
  /** Best time of one compiled step. */
  readonly stepMs: number
  /** Matrix-product operations of a step over its time. */
  readonly gflops: number
  /** The same for the plain product, measured in turns with the step. */
  readonly matmulGflops: number
  readonly share: number
  /** Time of the step in eager tfjs on WebAssembly, over stepMs. */
  readonly wasmRatio: number
}

async function timed(step: CompiledStep, inputs: Arrays): Promise<{ ms: number; outputs: Arrays }> {
  const start = performance.now()
  const outputs = await step.run(inputs)
  return { ms: performance.now() - start, outputs }
}

const inputs = transformerInputs()

/** Constant factors would flatter the product: a core that toggles fewer bits runs faster. */
const noise = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(12.9898 * i))

/** The best time of each, measured in turns, so that what else the machine does meets both. */
async function bestInTurns(
  threads: number,
): Promise<{ stepMs: number; productMs: number; flops: number; loss: number }> {
  const { executor } = await openExecutor('onnx-cpu', { threads })
  const [step, product] = [await executor.prepare(transformerStep), await executor.prepare(PRODUCT)]
  const factors = { a: noise(1024 * 768), b: noise(768 * 3072) }
  let [stepMs, productMs, loss] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN]
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    for (let run = 0; run < PRODUCTS; run++) await product.run(factors)
    productMs = Math.min(productMs, (performance.now() - start) / PRODUCTS)
    const { ms, outputs } = await timed(step, inputs)
    stepMs = Math.min(stepMs, ms)
    loss = outputs.loss![0]!
  }
  await executor.dispose()
  return { stepMs, productMs, flops: step.matmulFlops, loss }
}

async function eagerWasm(): Promise<{ ms: number; loss: number }> {
  const { executor } = await openExecutor('tfjs-wasm')
  const step = await executor.prepare(transformerStep)
  let [best, loss] = [Number.POSITIVE_INFINITY, Number.NaN]
  for (let run = 0; run < WASM_RUNS; run++) {
    const { ms, outputs } = await timed(step, inputs)
    best = Math.min(best, ms)
    loss = outputs.loss![0]!
  }
  await executor.dispose()
  return { ms: best, loss }
}

async function measure(threads: number): Promise<StepResult> {
  const { stepMs, productMs, flops, loss } = await bestInTurns(threads)
  const wasm = await eagerWasm()
  if (Math.abs(loss - wasm.loss) > 1e-5 * wasm.loss) throw new Error(`losses differ: ${loss} and ${wasm.loss}`)
  const gflops = flops / stepMs / 1e6
  const matmulGflops = (2 * 1024 * 768 * 3072) / productMs / 1e6
  return rounded({ stepMs, gflops, matmulGflops, share: gflops / matmulGflops, wasmRatio: wasm.ms / stepMs })
}

const rounded = (result: StepResult): StepResult =>
  Object.fromEntries(Object.entries(result).map(([name, value]) => [name, Number(value.toPrecision(3))])) as never

const machine = (threads: number) => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  threads,
  node: process.version,
  os: process.platform,
})

const threads = Number(process.env.THREADS ?? availableParallelism())
const result = await measure(threads)
if (process.argv.includes('--save')) {
  const file = new URL('results.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify({ machine: machine(threads), ...result }, null, 2)}\n`)
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(result))
} else {
  console.log(
    `One training step: 6 layers, width 384, ${SEQUENCES} x ${TOKENS} tokens, square adapters of rank ${RANK}.`,
  )
  console.log(`  ${result.stepMs} ms, ${result.gflops} GFLOP/s in matrix products over the whole step`)
  console.log(
    `  ${result.share} of ONNX Runtime's own rate, ${result.matmulGflops} GFLOP/s for 1024x768 times 768x3072`,
  )
  console.log(`  ${result.wasmRatio} times as fast as the same step in eager tfjs on WebAssembly`)
}
