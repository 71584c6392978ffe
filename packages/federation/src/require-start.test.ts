import { FEDERATION_SITES } from '@tessera/testing'
import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { federationSpec } from './federation-spec.ts'
import { requireStart } from './require-start.ts'

/** Why the start is refused, or null. */
function refusal(adapter: Record<string, unknown>, initialisation: string): string | null {
  const spec = federationSpec.parse({ adapter: { rank: 2, ...adapter }, initialisation: { name: initialisation } })
  try {
    requireStart({ spec, sites: FEDERATION_SITES })
    return null
  } catch (error) {
    if (error instanceof FedError) return `${error.code}: ${error.message}. ${error.fix}`
    throw error
  }
}

describe('requireStart', () => {
  it('takes methods with an initialisation, and those that need none without', () => {
    expect(refusal({ method: 'lora-sb' }, 'weights')).toBeNull()
    expect(refusal({ method: 'lora' }, 'random')).toBeNull()
    expect(refusal({ method: 'lora' }, 'none')).toBeNull()
    expect(refusal({ method: 'lora', start: 'product' }, 'pissa')).toBeNull()
    expect(refusal({ method: 'svfit' }, 'none')).toBeNull()
    expect(refusal({ method: 'hra' }, 'none')).toBeNull()
  })

  it.each(['svfit', 'soka', 'hra', 'vera'])('refuses an initialisation that %s would ignore', (method) => {
    expect(refusal({ method }, 'weights')).toBe(
      `invalid-config: ${method} makes its start itself, and the initialisation weights would change nothing. ` +
        'Leave initialisation out (none); methods that start from one are: lamda, lora, lora-sb, lora-xs.',
    )
  })

  it('refuses no initialisation where the start is made from one, and lists those that fit', () => {
    expect(refusal({ method: 'lora-sb' }, 'none')).toContain(
      'to one of: calibration, federated-sketch, random, weights.',
    )
    expect(refusal({ method: 'lora', start: 'product' }, 'none')).toContain('olora, pissa,')
  })

  it('refuses a start of another kind than the method’s', () => {
    expect(refusal({ method: 'lora' }, 'pissa')).toContain('Set adapter.start to product')
    expect(refusal({ method: 'lora-xs' }, 'olora')).toContain('the method needs bases')
  })
})
