import { describeRankPolicy } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { adaloraBudget, rankBudget } from './adalora-budget.ts'
import { adapterMethods, createLayout, rankPolicies } from './index.ts'

for (const policy of rankPolicies.plugins) describeRankPolicy(policy, policy.name === 'none' ? {} : { targetRank: 1 })
describeRankPolicy(adaloraBudget, { targetRank: 2, warmupRounds: 3, finalRounds: 2, beta1: 0, beta2: 0.5 })

const misfit = (options: object, plan = { rounds: 10, sites: 2, rank: 8 }) =>
  adaloraBudget.misfit(plan, adaloraBudget.config.parse(options) as never)

describe("AdaLoRA's budget, worked by hand", () => {
  it('falls by a cubic from 16 ranks to 4 between two warm-up and three final rounds of ten', () => {
    const options = { targetRank: 2, warmupRounds: 2, finalRounds: 3 }
    const plan = { rounds: 10, sites: 2, rank: 8 }
    // 4 + 12 (4/5)³ = 10.1, 4 + 12 (3/5)³ = 6.6, 4 + 12 (2/5)³ = 4.8, 4 + 12 (1/5)³ = 4.1
    const budgets = Array.from({ length: 10 }, (_, at) => rankBudget(at + 1, plan, options))
    expect(budgets).toEqual([16, 16, 10, 6, 4, 4, 4, 4, 4, 4])
  })

  it('is refused where it would rise or has no time to fall', () => {
    expect(misfit({ targetRank: 8, warmupRounds: 5, finalRounds: 4 })).toBeNull()
    expect(misfit({ targetRank: 9 })).toBe('a target of 9 ranks a layer is more than the 8 that it begins with')
    expect(misfit({ warmupRounds: 5, finalRounds: 5 })).toBe(
      '5 warm-up and 5 final rounds leave none of 10 for the ranks to fall in',
    )
  })
})

const method = unwrap(adapterMethods.byName('adalora'))
const layout = createLayout(method, { rank: 2, alpha: 2 }, [{ name: 'a', outDim: 2, inDim: 2 }])
/** P = [[1, 2], [0, 1]], λ = [1, 0.5], Q = [[2, 0], [0, 4]] */
const coordinates = Float32Array.of(1, 2, 0, 1, 1, 0.5, 2, 0, 0, 4)
const halves = { targetRank: 1, warmupRounds: 0, finalRounds: 0, beta1: 0.5, beta2: 0.5 }
const decide = (update: Float32Array, memory = adaloraBudget.begin(10, halves as never)) =>
  adaloraBudget.decide!(
    { plan: { rounds: 1, sites: 1, rank: 2 }, round: 1, layout, coordinates, update, memory },
    halves as never,
  )

describe("AdaLoRA's importance, worked by hand", () => {
  it('is s(λ) + mean s(P) + mean s(Q), from Ī = I/2, U = I/4 and s = I²/8 in the first round', () => {
    const { memory, kept } = decide(new Float32Array(10).fill(1))
    expect([...memory[0]!]).toEqual([0.5, 1, 0, 0.5, 0.5, 0.25, 1, 0, 0, 2])
    expect([...memory[1]!]).toEqual([0.25, 0.5, 0, 0.25, 0.25, 0.125, 0.5, 0, 0, 1])
    expect(kept).toEqual({ a: [1] }) // 1/8 + 1/16 + 1/4 = 7/16 against 1/32 + 5/16 + 1 = 43/32
  })

  it('of what did not move is 0, and what was remembered fades by half', () => {
    const still = Float32Array.of(1, 0, 1, 0, 1, 0, 1, 1, 0, 0) // rank 1 rests
    expect(decide(still).kept).toEqual({ a: [0] })
    const { memory } = decide(new Float32Array(10), [new Float32Array(10).fill(4), new Float32Array(10).fill(1)])
    expect([memory[0]![0], memory[1]![0]]).toEqual([2, 1.5]) // 4/2, and 1/2 + |0 − 2|/2
  })

  it('is Ī · U: the rank with the largest product stays, where another has the larger Ī and a third the larger U', () => {
    const three = createLayout(method, { rank: 3, alpha: 3 }, [{ name: 'a', outDim: 3, inDim: 3 }])
    /** λ between P and Q [3, 3], which are 0. */
    const lambda = (...values: number[]) => {
      const all = new Float32Array(21)
      all.set(values, 9)
      return all
    }
    const { memory, kept } = adaloraBudget.decide!(
      {
        ...{ plan: { rounds: 1, sites: 1, rank: 3 }, round: 1, layout: three },
        ...{ coordinates: lambda(1, 1, 1), update: lambda(4, -1, 3) }, // I = (4, 1, 3)
        memory: [lambda(4, 1, 3), lambda(0, 8, 4)],
      },
      halves as never,
    )
    expect([...memory[0]!.subarray(9, 12)]).toEqual([4, 1, 3]) // Ī was I and stays
    expect([...memory[1]!.subarray(9, 12)]).toEqual([0, 4, 2]) // U/2, since I − Ī = 0
    expect(kept).toEqual({ a: [2] }) // 3 · 2 = 6 against 4 · 0 and 1 · 4
  })

  it('drops nothing while the budget allows all', () => {
    const waiting = { ...halves, warmupRounds: 1 } as never
    const [plan, memory] = [{ rounds: 2, sites: 1, rank: 2 }, adaloraBudget.begin(10, waiting)]
    const after = (round: number) =>
      adaloraBudget.decide!({ plan, round, layout, coordinates, update: coordinates, memory }, waiting).kept
    expect([after(1), after(2)]).toEqual([null, { a: [1] }])
  })
})
