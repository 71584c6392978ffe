import type * as tf from '@tensorflow/tfjs'

/** Shape and element type of one named tensor. */
export interface TensorSpec {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32'
}

export type Signature = Readonly<Record<string, TensorSpec>>

export type Arrays = Readonly<Record<string, Float32Array | Int32Array>>

/** A tensor that stays the same for every run of every step it is given to (base parameters, frozen factors); never copied. */
export interface Constant extends TensorSpec {
  readonly data: Float32Array | Int32Array
}

/**
 * Ordinary tfjs code: named tensors in, named tensors out, static shapes, no `await` and no reading of values.
 * `tf.valueAndGrads`, `tf.grads` and `tf.customGrad` are allowed inside. Runs under `tf.tidy`.
 */
export type Step = (inputs: Readonly<Record<string, tf.Tensor>>) => Record<string, tf.Tensor>

/** A step with everything that is known before its first run. Input and constant names share one name space. */
export interface StepProgram {
  readonly step: Step
  readonly inputs: Signature
  readonly constants: Readonly<Record<string, Constant>>
}

export interface CompiledStep {
  /**
   * One run of the step.
   * @throws {FedError} `shape-mismatch`: an input is missing, unknown, or has another length or element type.
   */
  run(inputs: Arrays): Promise<Record<string, Float32Array | Int32Array>>
  /** Sum of 2·m·k·n over the matrix products of one run; 0 where it is not known (eager execution). */
  readonly matmulFlops: number
  dispose(): Promise<void>
}

/** One way to run steps on one device. */
export interface Executor {
  readonly name: string
  /** For people: provider, version, threads, adapter. */
  readonly description: string
  prepare(program: StepProgram): Promise<CompiledStep>
  dispose(): Promise<void>
}

export interface ExecutorOptions {
  /** Threads for matrix products on a CPU; all cores when absent. Executors without threads of their own ignore it. */
  readonly threads?: number
}

export interface OpenOptions extends ExecutorOptions {
  /** Refuse GPUs that are emulated on the CPU; set when nobody asked for this device by name. */
  readonly hardwareOnly?: boolean
}

/** A kind of executor: what the registry holds. */
export interface ExecutorKind {
  readonly name: string
  /** One line for `--help`. */
  readonly summary: string
  /** `auto` tries kinds in ascending order. */
  readonly preference: number
  /**
   * @throws {FedError} `device-missing` with the reason and a concrete `fix`; never falls back to something else.
   */
  open(options: OpenOptions): Promise<Executor>
}
