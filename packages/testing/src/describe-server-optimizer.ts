import {
  decodeServerState,
  encodeServerState,
  type ServerOptimizer,
  type ServerOptimizerState,
} from '@tessera/aggregators'
import { type Update, unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const LENGTH = 4
const update: fc.Arbitrary<Update> = fc.oneof(
  fc.float32Array({ min: -4, max: 4, noNaN: true, minLength: LENGTH, maxLength: LENGTH }),
  fc.float32Array({ min: -(2 ** 20), max: 2 ** 20, noNaN: true, minLength: LENGTH, maxLength: LENGTH }),
  fc.constant(new Float32Array(LENGTH)),
)
const rounds = fc.array(update, { minLength: 1, maxLength: 8 })

/**
 * The laws of a server optimizer: a step is a pure function whose state survives as bytes; each coordinate goes its own
 * way, at first that of the update; nothing but zeros leads nowhere; what is not finite is refused.
 */
export function describeServerOptimizer(optimizer: ServerOptimizer, options: Record<string, unknown> = {}): void {
  const trial = trialOf(optimizer, options)
  describe(`server optimizer ${optimizer.name} ${JSON.stringify(trial.config)}`, () => {
    describeState(trial)
    describeSteps(trial)
    describeRefusals(trial)
  })
}

interface Trial {
  readonly optimizer: ServerOptimizer
  readonly config: Record<string, unknown>
  readonly start: ServerOptimizerState
  /** The steps of some rounds; `keep` stands for what happens to the state between them. */
  readonly run: (updates: readonly Update[], keep?: (state: ServerOptimizerState) => ServerOptimizerState) => Update[]
}

function trialOf(optimizer: ServerOptimizer, options: Record<string, unknown>): Trial {
  const config = optimizer.config.parse(options)
  const begin = (length: number) => optimizer.begin(length, config)
  return {
    optimizer,
    config,
    start: begin(LENGTH),
    run(updates, keep = (state) => state) {
      let state = begin(updates[0]!.length)
      return updates.map((received) => {
        const next = optimizer.step(keep(state), received, config)
        state = next.state
        return next.update
      })
    },
  }
}

function describeState({ optimizer, config, start, run }: Trial): void {
  it('goes on with the same bytes after its state was written and read', () => {
    const restart = (state: ServerOptimizerState) => unwrap(decodeServerState(encodeServerState(state), start))
    fc.assert(
      fc.property(rounds, (updates) => {
        expect(run(updates, restart)).toEqual(run(updates))
      }),
    )
  })

  it('changes neither the state nor the update that it is given', () => {
    fc.assert(
      fc.property(update, (received) => {
        const state = optimizer.begin(LENGTH, config)
        const copy = received.slice()
        const first = optimizer.step(state, received, config)
        expect([...state, received]).toEqual([...start, copy])
        expect(optimizer.step(state, received, config)).toEqual(first)
      }),
    )
  })

  it('reads no state of another length, nor one that is not finite', () => {
    const codeOf = (bytes: Uint8Array) => {
      const read = decodeServerState(bytes, start)
      return read.ok ? 'ok' : read.error.code
    }
    const bytes = encodeServerState(start)
    expect(codeOf(bytes)).toBe('ok')
    expect(codeOf(Uint8Array.of(...bytes, 0))).toBe('corrupt-optimizer-state')
    if (bytes.length === 0) return
    expect(codeOf(bytes.subarray(1))).toBe('corrupt-optimizer-state')
    expect(codeOf(bytes.fill(255, 0, 4))).toBe('not-finite')
  })
}

function describeSteps({ run }: Trial): void {
  it('treats each coordinate by itself', () => {
    fc.assert(
      fc.property(rounds, (updates) => {
        const alone = run(updates.map((received) => received.slice(1, 2)))
        expect(alone).toEqual(run(updates).map((step) => step.slice(1, 2)))
      }),
    )
  })

  it('sets out in the direction of the update', () => {
    fc.assert(
      fc.property(update, (received) => {
        const [step] = run([received])
        for (const [at, value] of step!.entries()) expect(value * received[at]!).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(run([Float32Array.of(2, -2)])[0]![0]).toBeGreaterThan(0)
    expect(run([Float32Array.of(2, -2)])[0]![1]).toBeLessThan(0)
  })

  it('goes nowhere on zero updates, and takes a step after a hundred of them', () => {
    const zeros = Array<Update>(100).fill(Float32Array.of(0))
    const steps = run([...zeros, Float32Array.of(1)])
    expect(steps.slice(0, 100)).toEqual(zeros)
    expect(steps[100]![0]).toBeGreaterThan(0)
  })
}

function describeRefusals({ optimizer, config, start }: Trial): void {
  it('refuses NaN, infinities and another length', () => {
    const refuses = (values: number[], code: string) =>
      expect(() => optimizer.step(start, Float32Array.from(values), config)).toThrow(expect.objectContaining({ code }))
    refuses([0, 0, 0, Number.NaN], 'not-finite')
    refuses([Number.NEGATIVE_INFINITY, 0, 0, 0], 'not-finite')
    if (start.length > 0) refuses([0, 0, 0], 'shape-mismatch')
  })
}
