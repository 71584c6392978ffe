import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { aggregators, type Combination, checkCombination, type ExactnessClass } from './index.ts'

interface Parts extends Partial<Omit<Combination, 'rule' | 'method'>> {
  readonly classes?: readonly ExactnessClass[]
  readonly hasPairs?: boolean
  readonly hasLines?: boolean
}

/** Why a rule is refused, or null; by default for a method of linear coordinates and a quorum of ten. */
function reason(name: string, { classes = ['linear'], ...others }: Parts = {}): string | null {
  const { hasPairs = false, hasLines = false, ...rest } = others
  const rule = unwrap(aggregators.byName(name))
  const parts = { config: rule.config.parse({}), quorum: 10, serverOptimizer: 'none', countsLateWork: false, ...rest }
  const checked = checkCombination({ rule, method: { name: 'this method', classes, hasPairs, hasLines }, ...parts })
  return checked.ok ? null : `${checked.error.code}: ${checked.error.message}. ${checked.error.fix}`
}

const PRODUCT = ['product'] as const

describe('checkCombination', () => {
  it('lets the weighted mean have what is linear, and factors whose partner rests', () => {
    expect(reason('weighted-mean')).toBeNull()
    expect(reason('weighted-mean', { classes: ['linear-if-frozen', 'linear'] })).toBeNull()
    expect(reason('flora')).toContain('Set aggregator.rule to one of: weighted-mean, factor-mean, norm-clipping,')
  })

  it('refuses the weighted mean of products, and names all rules that go with them, exact ones first', () => {
    const pairs = reason('weighted-mean', { classes: PRODUCT, hasPairs: true })
    expect(pairs).toContain('invalid-config: weighted-mean is for exact means only: this method trains factors that')
    expect(pairs).toContain('Set aggregator.rule to one of: fedex-lora, flora, flexlora, factor-mean, norm-clipping,')
    const others = reason('weighted-mean', { classes: ['linear', 'product'] })
    expect(others).toContain('factor-mean')
    expect(others).not.toContain('fedex-lora')
  })

  it('refuses the weighted mean of points on a manifold', () => {
    expect(reason('weighted-mean', { classes: ['manifold'] })).toContain('on a curved space')
    expect(reason('factor-mean', { classes: ['manifold'] })).toBeNull()
  })

  it('gives projected-mean lines on a sphere, names it first for them, and refuses it for all else', () => {
    const lines = { classes: ['manifold'], hasLines: true } as const
    expect(reason('projected-mean', lines)).toBeNull()
    expect(reason('projected-mean', { ...lines, serverOptimizer: 'adam', countsLateWork: true })).toBeNull()
    expect(reason('weighted-mean', lines)).toContain(
      'Set aggregator.rule to one of: projected-mean, factor-mean, norm-clipping,',
    )
    expect(reason('projected-mean', { classes: PRODUCT })).toContain(
      'averages directions on the sphere, and this method trains no such. Set aggregator.rule to one of: factor-mean, norm-clipping,',
    )
  })

  it.each(['fedex-lora', 'flora', 'flexlora'])('gives %s factor pairs, and nothing else', (rule) => {
    expect(reason(rule, { classes: PRODUCT, hasPairs: true })).toBeNull()
    expect(reason(rule, { classes: PRODUCT })).toContain('trains no such pairs')
    expect(reason(rule)).toContain('weighted-mean')
  })

  it.each(['fedex-lora', 'flora', 'flexlora'])('lets nobody move the factors that %s has placed', (rule) => {
    const pairs = { classes: PRODUCT, hasPairs: true }
    expect(reason(rule, { ...pairs, serverOptimizer: 'adam' })).toContain('Set serverOptimizer.name to none')
    expect(reason(rule, { ...pairs, countsLateWork: true })).toContain('rounds.mode.onLate to discard')
    expect(reason('factor-mean', { ...pairs, serverOptimizer: 'adam', countsLateWork: true })).toBeNull()
  })

  it('asks for a quorum of as many clients as the rule needs', () => {
    expect(reason('krum', { config: { attackers: 2 }, quorum: 7 })).toBeNull()
    expect(reason('krum', { config: { attackers: 2 }, quorum: 6 })).toBe(
      'invalid-config: krum with attackers = 2 needs 7 updates, and a quorum of 6 makes a round with fewer. ' +
        'Set rounds.cohort.quorum to at least 7, or reckon with fewer attackers.',
    )
  })
})
