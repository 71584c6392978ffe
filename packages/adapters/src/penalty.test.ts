import { testRandom } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { adapterMethods, addPenaltyInto, createLayout } from './index.ts'

const site = { name: 'a', outDim: 3, inDim: 2 }
const layoutFor = (method: string, options: object) => {
  const plugin = unwrap(adapterMethods.byName(method))
  return createLayout(plugin, plugin.config.parse(options), [site])
}
const layout = layoutFor('adalora', { rank: 2, orthogonality: 0.5 })

/** ‖MᵀM − I‖² for the two columns of M, numbers of one row beside each other. */
const offOrthonormal = (m: readonly number[]): number => {
  const dot = (i: number, j: number) => m.reduce((sum, _, at) => sum + (at % 2 === 0 ? m[at + i]! * m[at + j]! : 0), 0)
  return (dot(0, 0) - 1) ** 2 + (dot(1, 1) - 1) ** 2 + 2 * dot(0, 1) ** 2
}
/** γ (‖PᵀP − I‖² + ‖QQᵀ − I‖²); Q is [2, 2], so its rows are the columns of the transpose. */
const penalty = (at: ArrayLike<number>): number => {
  const [p, q] = [Array.from(at).slice(0, 6), Array.from(at).slice(8)]
  return 0.5 * (offOrthonormal(p) + offOrthonormal([q[0]!, q[2]!, q[1]!, q[3]!]))
}

describe("AdaLoRA's penalty", () => {
  it('is 0 at orthonormal columns of P and rows of Q, and 4 γ (2² − 1) 2 = 12 at a column of length 2', () => {
    const added = (...p: number[]) => {
      const gradient = new Float32Array(12)
      addPenaltyInto(gradient, layout, Float32Array.of(...p, 7, 8, 0, 1, -1, 0))
      return [...gradient]
    }
    expect(added(1, 0, 0, 1, 0, 0).map(Math.abs)).toEqual(new Array(12).fill(0))
    expect(added(2, 0, 0, 1, 0, 0).map(Math.abs)).toEqual([12, ...new Array(11).fill(0)])
  })

  it('has the gradient that differences show, added to what was there', () => {
    const at = Float64Array.from(
      { length: 12 },
      (
        (random) => () =>
          random.symmetricUniform()
      )(testRandom(3)),
    )
    const gradient = new Float32Array(12).fill(1)
    addPenaltyInto(gradient, layout, Float32Array.from(at))
    for (let i = 0; i < 12; i++) {
      const shifted = (by: number) => penalty(at.map((value, j) => (j === i ? value + by : value)))
      expect(gradient[i]! - 1).toBeCloseTo((shifted(1e-4) - shifted(-1e-4)) / 2e-4, 4)
    }
  })

  it('is nothing without γ, and for methods that have none', () => {
    for (const own of [layoutFor('adalora', { rank: 2, orthogonality: 0 }), layoutFor('lora', { rank: 2 })]) {
      const gradient = new Float32Array(own.length).fill(3)
      addPenaltyInto(gradient, own, new Float32Array(own.length).fill(2))
      expect(gradient).toEqual(new Float32Array(own.length).fill(3))
    }
  })
})
