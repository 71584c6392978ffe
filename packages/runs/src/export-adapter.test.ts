import { adapterMethods, createLayout } from '@tessera/adapters'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { chooseFormat } from './export-adapter.ts'

const SITE = { name: 'model.layers.0.mlp.down_proj', outDim: 12, inDim: 30 }
const layoutOf = (name: string, options: object) => {
  const method = unwrap(adapterMethods.byName(name))
  return createLayout(method, method.config.parse(options), [SITE])
}

describe('the format of an export', () => {
  it.each([
    ['lora', { rank: 8 }, 'peft'],
    ['lora-sb', { rank: 12 }, 'peft'],
    ['hra', { rank: 6 }, 'peft'],
    ['hra', { rank: 8 }, 'merged'],
    ['ssf', {}, 'merged'],
    ['ia3', {}, 'merged'],
  ] as const)('of %s with %o is by itself %s', (name, options, format) => {
    expect(chooseFormat(layoutOf(name, options), 'auto').format).toBe(format)
    expect(chooseFormat(layoutOf(name, options), 'merged').format).toBe('merged')
  })

  it('says which layer is too wide for PEFT, and what to do', () => {
    expect(() => chooseFormat(layoutOf('ia3', {}), 'peft')).toThrow(
      expect.objectContaining({
        code: 'not-exportable',
        message: 'the weight change at model.layers.0.mlp.down_proj can have rank 12 of 12, so it has no LoRA form',
        fix: 'Export merged weights: --format merged, or auto.',
      }),
    )
  })
})
