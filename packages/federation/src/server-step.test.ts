import { chainAdapter, layoutOf } from '@tessera/adapters'
import { describe, expect, it } from 'vitest'
import { federationSpec } from './federation-spec.ts'
import { serverStep } from './server-step.ts'

/** Two layers of one row and two columns, trained as they are; in some rounds only the second one. */
const layout = (trained: readonly string[]) =>
  layoutOf(
    ['one', 'two'].map((name) => {
      const shape = { name: 'D', rows: 1, cols: 2 }
      const factor = trained.includes(name)
        ? { ...shape, train: true as const, exactness: 'linear' as const }
        : { ...shape, train: false as const }
      return { site: { name, outDim: 1, inDim: 2 }, adapter: chainAdapter({ scale: 1, factors: [factor] }) }
    }),
  )
const all = layout(['one', 'two'])
const second = layout(['two'])
const specOf = (serverOptimizer: Record<string, unknown>) => federationSpec.parse({ serverOptimizer })
const MOMENTUM = specOf({ name: 'momentum', learningRate: 1, momentum: 0.5 })

describe('serverStep', () => {
  it('is the update itself by default, and nothing is remembered', () => {
    const update = Float32Array.of(1, 2, 3, 4)
    const step = serverStep(federationSpec.parse({}), { all, active: all, update, before: null })
    expect(step).toEqual({ update, after: null })
  })

  it('remembers what rests: m = (1, 2, 3, 4), then (1, 2) stays and (3, 4) / 2 + (1, 0), then all / 2', () => {
    const first = serverStep(MOMENTUM, { all, active: all, update: Float32Array.of(1, 2, 3, 4), before: null })
    const part = { all, active: second, update: Float32Array.of(1, 0), before: first.after }
    const next = serverStep(MOMENTUM, part)
    expect(next.update).toEqual(Float32Array.of(2.5, 2))
    const rest = { all, active: all, update: new Float32Array(4), before: next.after }
    expect(serverStep(MOMENTUM, rest).update).toEqual(Float32Array.of(0.5, 1, 1.25, 1))
  })

  it('throws for a state of another length', () => {
    const input = { all, active: all, update: new Float32Array(4), before: new Uint8Array(12) }
    expect(() => serverStep(MOMENTUM, input)).toThrow(expect.objectContaining({ code: 'corrupt-optimizer-state' }))
  })
})
