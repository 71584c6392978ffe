import { onnxExecutor } from '../onnx-session.ts'
import type { ExecutorKind } from '../program.ts'
import { loadOnnxRuntime, versionOf } from './onnx-runtime.ts'

/** ONNX Runtime on the CPU (MLAS kernels). */
export const onnxCpu: ExecutorKind = {
  name: 'onnx-cpu',
  summary: 'compiled, on the CPU',
  preference: 30,
  open: async ({ threads }) => {
    const runtime = await loadOnnxRuntime('onnx-cpu')
    const { availableParallelism } = await import('node:os')
    const used = threads ?? availableParallelism()
    return onnxExecutor({
      name: 'onnx-cpu',
      description: `ONNX Runtime ${versionOf(runtime)}, CPU, ${used} thread${used === 1 ? '' : 's'}`,
      runtime,
      target: { fusedMatmul: true, gatherRows: true, rotary: true },
      constants: 'fed',
      session: {
        executionProviders: ['cpu'],
        intraOpNumThreads: used,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        // Threads that wait in a loop take the cores from other sessions and processes: three workers with two threads
        // each on two cores took twice as long with it.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      },
    })
  },
}
