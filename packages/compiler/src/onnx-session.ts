import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { FedError } from '@tessera/vocabulary'
import type * as ort from 'onnxruntime-node'
import { type CompiledModel, compileStep } from './compile.ts'
import type { OnnxTarget } from './onnx-operators.ts'
import { externalFile, inputName, outputName } from './onnx-writer.ts'
import type { Arrays, CompiledStep, Executor, StepProgram } from './program.ts'
import { checkArrays } from './signature.ts'

type Ort = typeof ort
type Feeds = Record<string, ort.Tensor>

export interface OnnxExecutorOptions {
  readonly name: string
  readonly description: string
  readonly runtime: Ort
  readonly session: ort.InferenceSession.SessionOptions
  readonly target: OnnxTarget
  /**
   * Where constants live. `fed`: the runtime reads the caller's arrays in place at every run, which costs nothing on a
   * CPU. `resident`: the device takes a copy when the step is prepared.
   */
  readonly constants: 'fed' | 'resident'
}

/** A session shared by the steps that compiled to the same bytes; the last one to leave closes it. */
interface SharedSession {
  readonly session: Promise<ort.InferenceSession>
  users: number
}

/** An executor that compiles steps and runs them in ONNX Runtime with one execution provider. */
export function onnxExecutor(options: OnnxExecutorOptions): Executor {
  const { name, description, runtime } = options
  const shared = new Map<string, SharedSession>()

  const acquire = (program: StepProgram, model: CompiledModel) => {
    const key = keyOf(program, model)
    const entry = shared.get(key) ?? { session: createSession(options, program, model), users: 0 }
    entry.users += 1
    shared.set(key, entry)
    return { session: entry.session, release: () => leave(key, entry) }
  }
  const leave = async (key: string, entry: SharedSession): Promise<void> => {
    entry.users -= 1
    if (entry.users > 0 || shared.get(key) !== entry) return
    shared.delete(key)
    await (await entry.session).release()
  }

  return {
    name,
    description,
    prepare: async (program) => {
      checkConstants(program)
      const resident = options.constants === 'resident' ? Object.keys(program.constants) : []
      const model = compileStep(program, { ...options.target, external: new Set(resident) })
      const { session, release } = acquire(program, model)
      return compiledStep({ program, model, runtime, session: await session, release })
    },
    dispose: async () => {
      const open = [...shared.values()]
      shared.clear()
      for (const entry of open) await (await entry.session).release()
    },
  }
}

function createSession(
  { runtime, session }: OnnxExecutorOptions,
  program: StepProgram,
  model: CompiledModel,
): Promise<ort.InferenceSession> {
  const externalData = model.external.map((name) => {
    const { buffer, byteOffset, byteLength } = program.constants[name]!.data
    return { path: externalFile(name), data: new Uint8Array(buffer, byteOffset, byteLength) }
  })
  return runtime.InferenceSession.create(model.bytes, { ...session, externalData })
}

/** A number for each array that was ever resident: a session belongs to its constants, not only to its graph. */
const identities = new WeakMap<ArrayBufferView, number>()
let nextIdentity = 0

function keyOf(program: StepProgram, model: CompiledModel): string {
  const arrays = model.external.map((name) => {
    const { data } = program.constants[name]!
    const identity = identities.get(data) ?? nextIdentity++
    identities.set(data, identity)
    return identity
  })
  return `${bytesToHex(sha256(model.bytes))}/${arrays.join()}`
}

function checkConstants({ constants }: StepProgram): void {
  checkArrays(constants, Object.fromEntries(Object.entries(constants).map(([name, { data }]) => [name, data])))
}

interface CompiledParts {
  readonly program: StepProgram
  readonly model: CompiledModel
  readonly runtime: Ort
  readonly session: ort.InferenceSession
  readonly release: () => Promise<void>
}

function compiledStep({ program, model, runtime, session, release }: CompiledParts): CompiledStep {
  const signature = { ...program.inputs }
  const constants = constantFeeds(program, model, runtime)
  const read = model.inputs.filter((name) => Object.hasOwn(signature, name))
  let disposed = false
  return {
    matmulFlops: model.matmulFlops,
    run: async (inputs) => {
      if (disposed) throw new FedError('internal', 'the compiled step was disposed')
      checkArrays(signature, inputs)
      const feeds: Feeds = { ...constants }
      for (const name of read) feeds[inputName(name)] = tensorOf(runtime, inputs[name]!, signature[name]!.shape)
      const results = await session.run(feeds)
      return Object.fromEntries(model.outputs.map((name) => [name, results[outputName(name)]!.data as Arrays[string]]))
    },
    dispose: async () => {
      if (disposed) return
      disposed = true
      await release()
    },
  }
}

/** Constants that are fed at every run are wrapped once. */
function constantFeeds({ constants }: StepProgram, model: CompiledModel, runtime: Ort): Feeds {
  const read = model.inputs.filter((name) => Object.hasOwn(constants, name))
  return Object.fromEntries(
    read.map((name) => [inputName(name), tensorOf(runtime, constants[name]!.data, constants[name]!.shape)]),
  )
}

function tensorOf(runtime: Ort, data: Arrays[string], shape: readonly number[]): ort.Tensor {
  return data instanceof Float32Array
    ? new runtime.Tensor('float32', data, shape)
    : new runtime.Tensor('int32', data, shape)
}
