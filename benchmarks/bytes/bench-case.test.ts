import { describe, expect, it } from 'vitest'
import { bestCurves, curvesIn, knownCurve } from './bench-case.ts'
import { exampleCurve } from './example-curve.ts'

const slow = exampleCurve({ method: 'fedavg' }, [
  [0, 0.5, 0, 0],
  [2, 0.55, 800, 10],
])
const fast = exampleCurve({ method: 'fedavg', optimizer: { name: 'sgd', learningRate: 0.5 } }, [
  [0, 0.5, 0, 0],
  [2, 0.6, 800, 10],
])
const ferret = exampleCurve({ method: 'ferret', subspace: { name: 'ferret', coordinates: 20 } }, [[2, 0.52, 160, 11]])
const pool = exampleCurve({ method: 'fedkseed', subspace: { name: 'seed-pool', seeds: 8, learningRate: 0.01 } }, [
  [2, 0.51, 64, 30],
])
const sparse = exampleCurve({ method: 'fed-sb', codec: { codec: 'ternary', density: 0.1 } }, [[2, 0.5, 9, 9]])

describe('rowsOf', () => {
  it('tells k of a subspace, the density of a codec, and nothing where neither is', () => {
    expect([ferret, pool, sparse, slow].map(([row]) => row?.k)).toEqual([20, 8, 0.1, null])
  })

  it('tells the rate that was used: that of a subspace which has its own', () => {
    expect([ferret, pool].map(([row]) => row?.rate)).toEqual([0.2, 0.01])
  })
})

describe('bestCurves', () => {
  it('takes the rate whose last accuracy is best, and keeps methods, codecs and k apart', () => {
    expect(bestCurves([slow, fast, ferret, sparse])).toEqual([fast, ferret, sparse])
  })
})

describe('saved rows', () => {
  const rows = [...slow, ...ferret, ...fast]

  it('come back as the curves that they were', () => {
    expect(curvesIn(rows)).toEqual([slow, ferret, fast])
  })

  it('are known again by their settings, all of them', () => {
    const settings = fast[0]!.settings
    expect(knownCurve(rows, { ...settings })).toEqual(fast)
    expect(knownCurve(rows, { ...settings, seed: 2 })).toEqual([])
  })
})
