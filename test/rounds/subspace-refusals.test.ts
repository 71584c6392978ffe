import { createRunRecord, parseRunSpec } from '@tessera/runs'
import { runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { model, type Parts, specOf } from './subspace-setting.ts'

describe('what does not go with a subspace', () => {
  const refusal = (subspace: Parts, parts: Parts = {}) => {
    try {
      createRunRecord({ runId: runId('r'), spec: specOf(subspace, parts), model, files: [], createdAt: 0 })
      return null
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}. ${(error as { fix: string }).fix}`
    }
  }
  const FERRET = { name: 'ferret', coordinates: 400 }
  const POOL = { name: 'seed-pool', seeds: 64 }

  it.each([
    ['a budget that no block can hold', { name: 'ferret', coordinates: 10 ** 7 }, {}, 'can not make 10000000 numbers'],
    ['fewer numbers than blocks', { name: 'ferret', coordinates: 3 }, {}, 'at least one number for each of'],
    ['a method that lets factors rest', FERRET, { adapter: { method: 'lisa' } }, 'lisa lets a part of it rest'],
    [
      'a server optimizer where no number lives on',
      FERRET,
      { serverOptimizer: { name: 'adam' } },
      'Set serverOptimizer.name to none',
    ],
    [
      'late work of another stretch',
      FERRET,
      { rounds: { mode: { kind: 'sync', onLate: 'next-round' } } },
      'onLate to discard',
    ],
    [
      'a rule that compares parts',
      { name: 'eggroll', members: 4 },
      { aggregator: { rule: 'coordinate-median' } },
      'moves along',
    ],
    [
      'feedback of more than there is',
      { ...FERRET, errorFeedback: true },
      {},
      'Set subspace.shrink to true, which leaves d/(K+d) of it',
    ],
    [
      'feedback through a codec that enlarges',
      { ...FERRET, shrink: true, errorFeedback: true },
      { codec: { codec: 'random-k', unbiased: true } },
      'random-k makes single numbers larger than they are',
    ],
    [
      'a rule for factor pairs',
      FERRET,
      { adapter: { method: 'lora', rank: 2 }, aggregator: { rule: 'fedex-lora' } },
      'lora in the subspace ferret trains no such pairs',
    ],
    [
      'masks where there is no base weight',
      { ...POOL, smallest: 0.5 },
      { adapter: { method: 'lora', rank: 2 }, aggregator: { rule: 'factor-mean' } },
      'has not the shape of a base weight',
    ],
  ] as const)('%s is refused with a sentence', (_what, subspace, parts, sentence) => {
    expect(refusal(subspace, parts)).toMatch(/^invalid-config: /)
    expect(refusal(subspace, parts)).toContain(sentence === 'moves along' ? 'compares their numbers' : sentence)
  })

  it('and what does: robust rules, server optimizers and late work where numbers mean the same at everyone', () => {
    const fed = { ...FERRET, shrink: true, errorFeedback: true }
    for (const codec of ['float32', 'int4', 'ternary', 'top-k', 'sign'])
      expect(refusal(fed, { codec: { codec } })).toBeNull()
    expect(refusal(FERRET, { aggregator: { rule: 'coordinate-median' } })).toBeNull()
    expect(refusal(POOL, { serverOptimizer: { name: 'adam' }, rounds: { mode: { kind: 'buffered' } } })).toBeNull()
  })

  it('an unknown subspace is refused with those that are known', () => {
    const parsed = parseRunSpec({ subspace: { name: 'stoat' } })
    expect(parsed.ok ? null : parsed.error).toMatchObject({ code: 'invalid-config' })
    expect(parsed.ok ? '' : parsed.error.message).toContain('ferret')
  })
})
