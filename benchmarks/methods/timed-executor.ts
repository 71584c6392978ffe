import type { Executor } from '@tessera/compiler'

/** The executor, and the times in milliseconds of all runs so far that gave gradients, in their order. */
export function timedExecutor(executor: Executor): { executor: Executor; gradientMs: readonly number[] } {
  const gradientMs: number[] = []
  const timed: Executor = {
    name: executor.name,
    description: executor.description,
    dispose: () => executor.dispose(),
    async prepare(program) {
      const step = await executor.prepare(program)
      return {
        matmulFlops: step.matmulFlops,
        dispose: () => step.dispose(),
        async run(inputs) {
          const start = performance.now()
          const outputs = await step.run(inputs)
          if (Object.keys(outputs).some((name) => name.startsWith('gradient/'))) {
            gradientMs.push(performance.now() - start)
          }
          return outputs
        },
      }
    },
  }
  return { executor: timed, gradientMs }
}
