import type { CompiledStep, Executor, StepProgram } from '@tessera/compiler'

/**
 * The executor, and a stopwatch that stands still while an evaluation computes: from its first step until `evaluated`.
 * Training waits for as long, so that neither's time is in the other's.
 */
export function trainingClock(executor: Executor, now: () => number) {
  let [passedMs, runningSince] = [0, now()]
  let evaluation: Pause | null = null
  const evaluating = (): void => {
    if (evaluation !== null) return
    passedMs += now() - runningSince
    evaluation = createPause()
  }
  const timed: Executor = {
    name: executor.name,
    description: executor.description,
    dispose: () => executor.dispose(),
    async prepare(program) {
      const wait = ranksLabels(program) ? evaluating : () => evaluation?.over
      await wait()
      return waiting(await executor.prepare(program), wait)
    },
  }
  return {
    executor: timed,
    seconds: (): number => (passedMs + (evaluation === null ? now() - runningSince : 0)) / 1000,
    /** The evaluation is over, well or not. */
    evaluated(): void {
      if (evaluation === null) return
      evaluation.end()
      evaluation = null
      runningSince = now()
    },
  }
}

/** Steps of training have targets; those of an evaluation know where each prompt ends instead. */
const ranksLabels = ({ inputs }: StepProgram): boolean => inputs.ends !== undefined

const waiting = (step: CompiledStep, wait: () => Promise<void> | undefined | void): CompiledStep => ({
  matmulFlops: step.matmulFlops,
  dispose: () => step.dispose(),
  async run(inputs) {
    await wait()
    return step.run(inputs)
  },
})

interface Pause {
  readonly over: Promise<void>
  end(): void
}

function createPause(): Pause {
  let end = (): void => {}
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  return { over, end }
}
