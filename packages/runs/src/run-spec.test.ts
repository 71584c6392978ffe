import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { parseRunSpec } from './run-spec.ts'

const refusal = (input: unknown) => {
  const parsed = parseRunSpec(input)
  return parsed.ok ? null : parsed.error
}

describe('parseRunSpec', () => {
  it('gives every field a default, and its own result back unchanged', () => {
    const spec = unwrap(parseRunSpec({}))
    expect(spec).toMatchObject({
      seed: 0,
      adapter: { method: 'lora-sb', rank: 32 },
      data: { format: 'classification' },
    })
    expect(unwrap(parseRunSpec(spec))).toEqual(spec)
  })

  it('takes an option without its kind as one of the default kind, at any depth', () => {
    const { adapter, data, initialisation, train } = unwrap(
      parseRunSpec({
        adapter: { rank: 16 },
        data: { maxLength: 64 },
        initialisation: { batches: 3 },
        train: { optimizer: { learningRate: 0.5 } },
      }),
    )
    expect(adapter).toMatchObject({ method: 'lora-sb', rank: 16 })
    expect(data).toMatchObject({ format: 'classification', maxLength: 64 })
    expect(initialisation).toMatchObject({ name: 'federated-sketch', batches: 3 })
    expect(train.optimizer).toMatchObject({ name: 'adamw', learningRate: 0.5 })
  })

  it('takes an option without its kind inside a kind that is not the default one', () => {
    const { initialisation } = unwrap(
      parseRunSpec({ adapter: { method: 'lora' }, initialisation: { name: 'eva', data: { batches: 4 } } }),
    )
    expect(initialisation).toMatchObject({ name: 'eva', data: { kind: 'federated', batches: 4 } })
  })

  it('tells what a plug-in has where an option is not one of it', () => {
    expect(refusal({ adapter: { method: 'lora-sb', alpha: 3 } })?.message).toContain(
      'adapter method lora-sb has no option alpha: it has rank, initialStep',
    )
    expect(refusal({ adapter: { method: 'ia3', rank: 3 } })?.message).toContain('ia3 has no option rank: it has none')
  })

  it('starts a method that can start by itself without an initialisation, and keeps one that is named', () => {
    const startOf = (input: unknown) => unwrap(parseRunSpec(input)).initialisation.name
    expect(startOf({ adapter: { method: 'lora-sb' } })).toBe('federated-sketch')
    expect(startOf({ adapter: { method: 'lora-xs' } })).toBe('weights')
    expect(startOf({ adapter: { method: 'lamda' } })).toBe('weights')
    expect(startOf({ adapter: { method: 'svfit' } })).toBe('none')
    expect(startOf({ adapter: { method: 'lora' } })).toBe('none')
    expect(startOf({ adapter: { method: 'lora' }, initialisation: { name: 'random' } })).toBe('random')
    expect(refusal({ adapter: { method: 'lora' }, initialisation: { batches: 3 } })?.message).toContain('batches')
  })

  it('aggregates by the best rule that goes with the rest, and keeps one that is named', () => {
    const ruleOf = (input: unknown) => unwrap(parseRunSpec(input)).aggregator.rule
    expect(ruleOf({ adapter: { method: 'svfit' } })).toBe('weighted-mean')
    expect(ruleOf({ adapter: { method: 'lora' } })).toBe('fedex-lora')
    expect(ruleOf({ adapter: { method: 'lora' }, serverOptimizer: { name: 'adam' } })).toBe('factor-mean')
    expect(ruleOf({ adapter: { method: 'lora' }, rankPolicy: { name: 'adalora', targetRank: 4 } })).toBe('factor-mean')
    expect(ruleOf({ adapter: { method: 'hra' } })).toBe('projected-mean')
    expect(ruleOf({ adapter: { method: 'vera' } })).toBe('factor-mean')
    expect(ruleOf({ adapter: { method: 'vera', trains: 'left' } })).toBe('weighted-mean')
    expect(ruleOf({ adapter: { method: 'lora', rank: 5000 } })).toBe('weighted-mean')
    expect(ruleOf({ adapter: { method: 'lora' }, aggregator: { rule: 'flora' } })).toBe('flora')
  })

  it('sends the stretch of a round alone where every round has its own, and versions whole otherwise, unless told', () => {
    const codecOf = (input: unknown) => unwrap(parseRunSpec(input)).downlink.codec
    expect(codecOf({ adapter: { method: 'full' }, subspace: { name: 'ferret' } })).toBe('float32')
    expect(codecOf({ adapter: { method: 'full' }, subspace: { name: 'eggroll' } })).toBe('float32')
    expect(codecOf({ adapter: { method: 'full' }, subspace: { name: 'seed-pool' } })).toBe('none')
    expect(codecOf({})).toBe('none')
    expect(codecOf({ subspace: { name: 'ferret' }, downlink: { codec: 'none' } })).toBe('none')
  })

  it('takes part of a buffered mode, and a deadline, with defaults for the rest', () => {
    const { rounds } = unwrap(parseRunSpec({ rounds: { mode: { kind: 'buffered' }, deadline: { softMs: 1000 } } }))
    expect(rounds.mode).toEqual({ kind: 'buffered', bufferSize: 2, staleness: 'inverse-sqrt', maxStaleness: 5 })
    expect(rounds.deadline).toEqual({ softMs: 1000, hardMs: 600_000 })
  })

  it('keeps a kind that is given, and refuses options that it has not', () => {
    expect(unwrap(parseRunSpec({ data: { format: 'chat' } })).data).toEqual({ format: 'chat', maxLength: 256 })
    expect(refusal({ data: { format: 'chat', template: '{text}{label}' } })?.message).toContain('template')
  })

  it.each([
    ['an unknown field', { adaptor: {} }, 'adaptor'],
    [
      'a kind that nobody knows',
      { adapter: { method: 'magic', rank: 4 } },
      'unknown adapter method "magic": use one of',
    ],
    ['a quorum over the cohort', { rounds: { cohort: { size: 2, quorum: 3 } } }, 'quorum'],
    ['a soft deadline after the hard one', { rounds: { deadline: { softMs: 2000, hardMs: 1000 } } }, 'softMs'],
    ['a buffer larger than the cohort', { rounds: { mode: { kind: 'buffered', bufferSize: 3 } } }, 'bufferSize'],
    [
      'over-selection where nobody is waited for',
      { rounds: { cohort: { overSelection: 2 }, mode: { kind: 'buffered' } } },
      'overSelection',
    ],
    ['no object at all', 'defaults, please', 'expected object'],
    ['a rank of NaN', { adapter: { rank: Number.NaN } }, 'adapter.rank'],
    ['a prototype for a part', JSON.parse('{"__proto__": {"rank": 1}, "adapter": {"__proto__": {}}}'), '__proto__'],
  ])('refuses %s and names it', (_what, input, named) => {
    expect(refusal(input)).toMatchObject({ code: 'invalid-config', message: expect.stringContaining(named) })
  })
})
