import { matmulFlops } from './graph.ts'
import { type OnnxModel, PLAIN, type WriteOptions, writeOnnx } from './onnx-writer.ts'
import { optimize } from './optimize.ts'
import type { StepProgram } from './program.ts'
import { trace } from './trace.ts'

export interface CompiledModel extends OnnxModel {
  /** Sum of 2·m·k·n over the matrix products of one run. */
  readonly matmulFlops: number
  /** Names of the outputs, in the order of the step. */
  readonly outputs: readonly string[]
}

/**
 * A step as an ONNX model: traced, simplified, written. The same step gives the same bytes.
 *
 * @throws {FedError} `untraceable`, see `trace`.
 */
export function compileStep(program: StepProgram, options: WriteOptions = PLAIN): CompiledModel {
  const graph = optimize(trace(program))
  return { ...writeOnnx(graph, options), matmulFlops: matmulFlops(graph), outputs: Object.keys(graph.outputs) }
}
