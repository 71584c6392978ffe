import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { adapterMethods, createLayout, float64Ops, float64Tensor } from '@tessera/adapters'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'

interface Case {
  readonly name: string
  readonly method: string
  readonly options: object
  readonly outDim: number
  readonly inDim: number
  /** Numbers that PEFT trains at the layer. */
  readonly trained: number
  readonly weight: readonly number[]
  readonly x: readonly number[]
  /** What PEFT computes for rows x. */
  readonly y: readonly number[]
  readonly factors: Readonly<Record<string, readonly number[]>>
}

/** Made by make_methods_golden.py. */
const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'methods.json'), 'utf8'),
)

describe('a forward pass of PEFT', () => {
  it.each(cases)('$name is ours to 1e-5, with as many trained numbers', (golden) => {
    const { outDim, inDim, weight, x, y } = golden
    const method = unwrap(adapterMethods.byName(golden.method))
    const site = { name: 'lin', outDim, inDim }
    const layout = createLayout(method, method.config.parse(golden.options), [site])
    expect(layout.length).toBe(golden.trained)
    const { adapter } = layout.sites[0]!
    const factors = adapter.factors.map(
      ({ name, rows, cols }) => [name, float64Tensor([rows, cols], golden.factors[name]!)] as const,
    )
    const tensors = {
      x: float64Tensor([y.length / outDim, inDim], x),
      weight: float64Tensor([outDim, inDim], weight),
      factors: Object.fromEntries(factors),
    }
    const ours = adapter.forward(float64Ops, tensors).data
    const largest = Math.max(...y.map(Math.abs))
    expect(Math.max(...y.map((value, at) => Math.abs(value - ours[at]!)))).toBeLessThan(1e-5 * largest)
  })

  it('is there for every family that PEFT has', () => {
    expect(new Set(cases.map(({ method }) => method))).toEqual(
      new Set(['lora', 'adalora', 'vera', 'randlora', 'ia3', 'hra', 'bone', 'soka']),
    )
  })
})
