import type { Executor } from '@tessera/compiler'

/**
 * The executor, and what all runs so far that gave gradients took, in their order: milliseconds of processor time, of all
 * threads together, which other load on the machine hardly lengthens.
 */
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
          const start = process.cpuUsage()
          const outputs = await step.run(inputs)
          if (Object.keys(outputs).some((name) => name.startsWith('gradient/'))) {
            const { user, system } = process.cpuUsage(start)
            gradientMs.push((user + system) / 1000)
          }
          return outputs
        },
      }
    },
  }
  return { executor: timed, gradientMs }
}
