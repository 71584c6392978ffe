import { FEDERATION_SITES } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { checkAggregation, methodTraits } from './aggregation.ts'
import { federationSpec } from './federation-spec.ts'

const setting = (adapter: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  spec: federationSpec.parse({ adapter, initialisation: { name: 'weights' }, ...more }),
  sites: FEDERATION_SITES,
})
const reason = (adapter: Record<string, unknown>, more: Record<string, unknown> = {}): string | null => {
  const checked = checkAggregation(setting(adapter, more))
  return checked.ok ? null : `${checked.error.code}: ${checked.error.message}`
}
const rank = 2

describe('methodTraits', () => {
  it.each([
    [{ method: 'lora-sb', rank }, ['linear'], false],
    [{ method: 'lora', rank }, ['product'], true],
    [{ method: 'lora', rank, start: 'product' }, ['product'], true],
    [{ method: 'train-b-only', rank }, ['linear'], false],
    [{ method: 'moslora', rank }, ['product'], false],
    [{ method: 'moslora', rank, trainMixer: false }, ['product'], false], // B M A with M between them
    [{ method: 'moslora', rank, trainB: false, trainA: false }, ['linear'], false],
    [{ method: 'vera', rank }, ['product'], false],
    [{ method: 'vera', rank, trains: 'left' }, ['linear'], false],
    [{ method: 'vera', rank, trains: 'alternate' }, ['linear-if-frozen'], false],
    [{ method: 'hra', rank }, ['manifold'], false],
  ])('of %o: %o, in pairs: %s', (adapter, classes, hasPairs) => {
    expect(methodTraits(setting(adapter))).toEqual({
      name: adapter.method,
      classes,
      hasPairs,
      hasLines: adapter.method === 'hra',
    })
  })
})

describe('checkAggregation', () => {
  it('takes the default rule for what averages exactly, and a rule for pairs for LoRA', () => {
    expect(reason({ method: 'lora-sb', rank })).toBeNull()
    expect(reason({ method: 'vera', rank, trains: 'alternate' })).toBeNull()
    expect(reason({ method: 'lora', rank }, { aggregator: { rule: 'fedex-lora' } })).toBeNull()
  })

  it('refuses the default rule for products and curved spaces', () => {
    expect(reason({ method: 'lora', rank })).toContain('lora trains factors that multiply each other')
    expect(reason({ method: 'vera', rank })).toContain('vera trains factors that multiply each other')
    expect(reason({ method: 'hra', rank })).toContain('hra trains numbers on a curved space')
  })

  it('refuses a quorum that is too small, a server optimizer, and late work, where the rule can not have them', () => {
    const cohort = { size: 5, quorum: 4 }
    const krum = { rule: 'krum', attackers: 1 }
    expect(reason({ method: 'lora', rank }, { aggregator: krum, rounds: { cohort } })).toContain('needs 5 updates')
    const flora = { rule: 'flora' }
    const adam = { aggregator: flora, serverOptimizer: { name: 'adam' } }
    expect(reason({ method: 'lora', rank }, adam)).toContain('a step of adam would move them')
    const late = { aggregator: flora, rounds: { mode: { kind: 'sync', onLate: 'next-round' } } }
    expect(reason({ method: 'lora', rank }, late)).toContain('an update that began before does not fit')
    const buffered = { aggregator: flora, rounds: { mode: { kind: 'buffered' } } }
    expect(reason({ method: 'lora', rank }, buffered)).toContain('an update that began before does not fit')
  })
})
