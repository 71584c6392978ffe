import type { CompiledStep, Executor, StepProgram } from '@tessera/compiler'

/** Compiled steps, one a shape, each compiled when it is first asked for. */
export interface CompiledShapes<Shape> {
  stepFor(shape: Shape): Promise<CompiledStep>
  dispose(): Promise<void>
}

/** @param program The step of one shape; shapes with the same entries are the same shape. */
export function compileByShape<Shape extends object>(
  executor: Executor,
  program: (shape: Shape) => StepProgram,
): CompiledShapes<Shape> {
  const steps = new Map<string, Promise<CompiledStep>>()
  return {
    stepFor(shape) {
      const key = Object.values(shape).join('x')
      const known = steps.get(key)
      if (known !== undefined) return known
      const step = executor.prepare(program(shape))
      steps.set(key, step)
      step.catch(() => steps.delete(key))
      return step
    },
    async dispose() {
      const open = await Promise.all(steps.values())
      steps.clear()
      await Promise.all(open.map((step) => step.dispose()))
    },
  }
}
