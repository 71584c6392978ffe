import { type AdaptedSite, chainAdapter, type Exactness, type Factor } from '@tessera/adapters'
import { describe, expect, it } from 'vitest'
import { averagingGap, expectDeclaredExactness, expectDeclaredLines } from './averaging-gap.ts'
import { testRandom } from './synthetic-matrix.ts'

const adaptedBy = (...factors: Factor[]): AdaptedSite => ({
  site: { name: 's', outDim: factors[0]!.rows, inDim: factors.at(-1)!.cols },
  adapter: chainAdapter({ scale: 2, factors }),
  weight: new Float32Array(factors[0]!.rows * factors.at(-1)!.cols),
  factors: {},
})
/** ΔW = B A with both factors trained, as in LoRA, under any declaration. */
const product = (b: Exactness, a: Exactness): AdaptedSite =>
  adaptedBy(
    { name: 'B', rows: 6, cols: 2, train: true, exactness: b },
    { name: 'A', rows: 2, cols: 5, train: true, exactness: a },
  )
const sum = (exactness: Exactness): AdaptedSite => adaptedBy({ name: 'D', rows: 3, cols: 3, train: true, exactness })
/** ΔW = D D, of one trained factor that is multiplied with itself. */
function reflected(exactness: Exactness): AdaptedSite {
  const adapted = sum(exactness)
  const adapter: AdaptedSite['adapter'] = {
    ...adapted.adapter,
    merged: (ops, { weight, factors: { D } }) => ({ weight: ops.add(weight, ops.matMul(D!, D!)), bias: null }),
  }
  return { ...adapted, adapter }
}
const judge = (adapted: AdaptedSite) => () => expectDeclaredExactness(adapted, testRandom(3))

describe('the law of declared exactness', () => {
  it('measures a gap of more than 1 % where two trained factors are averaged, and none where one is common', () => {
    expect(averagingGap(product('product', 'product'), ['B', 'A'], testRandom(3))).toBeGreaterThan(1e-2)
    expect(averagingGap(product('product', 'product'), ['B'], testRandom(3))).toBeLessThan(1e-6)
  })

  it('accepts what is true of a product', () => {
    expect(judge(product('product', 'product'))).not.toThrow()
    expect(judge(product('linear-if-frozen(A)', 'linear-if-frozen(B)'))).not.toThrow()
  })

  it('fails a product that is declared linear, or frozen by a factor that it does not train', () => {
    expect(judge(product('linear', 'linear'))).toThrow('B is linear')
    expect(judge(product('linear-if-frozen(A)', 'linear'))).toThrow('A is linear')
    expect(judge(product('linear-if-frozen(C)', 'product'))).toThrow('B is linear-if-frozen(C)')
  })

  it('fails a product that is declared a manifold, and a manifold that is declared a product', () => {
    expect(judge(product('manifold', 'manifold'))).toThrow('B is manifold')
    expect(judge(reflected('product'))).toThrow('D is product, and linear alone')
    expect(judge(reflected('manifold'))).not.toThrow()
  })

  it('fails rows that are declared lines and whose length matters', () => {
    const D = { name: 'D', rows: 3, cols: 3, train: true, exactness: 'linear', lines: 'rows' } as const
    expect(() => expectDeclaredLines(adaptedBy(D), testRandom(3))).toThrow('rows of D are lines')
  })

  it('fails a factor that is declared a product, or to hang on another one, and averages exactly', () => {
    expect(judge(sum('product'))).toThrow('D is product')
    expect(judge(sum('linear-if-frozen(D)'))).toThrow('D is linear-if-frozen(D), and D matters')
  })
})
