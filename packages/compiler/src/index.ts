export { type CompiledModel, compileStep } from './compile.ts'
export * as executors from './executors/index.ts'
export { deviceNames, type OpenedExecutor, openExecutor } from './open-executor.ts'
export type {
  Arrays,
  CompiledStep,
  Constant,
  Executor,
  ExecutorKind,
  ExecutorOptions,
  Signature,
  Step,
  StepProgram,
  TensorSpec,
} from './program.ts'
export { type OpenedWebgpuBasis, openWebgpuBasis } from './random-basis/open-webgpu-basis.ts'
export { type BasisPlace, createWebgpuBasis, type StreamPlace, type WebgpuBasis } from './random-basis/webgpu-basis.ts'
