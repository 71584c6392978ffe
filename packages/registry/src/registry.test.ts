import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createRegistry } from './registry.ts'

const registry = createRegistry(
  { noun: 'codec', key: 'codec', unknownCode: 'unknown-codec' },
  {
    plain: { name: 'plain', config: z.object({}) },
    topK: { name: 'top-k', config: z.object({ density: z.number().max(1).default(0.1) }) },
  },
)

describe('createRegistry', () => {
  it('derives sorted names from the list', () => {
    expect(registry.names).toEqual(['plain', 'top-k'])
  })

  it('finds a plug-in by name and lists the known ones otherwise', () => {
    expect(registry.byName('top-k').ok).toBe(true)
    const missing = registry.byName('zip')
    expect(missing.ok).toBe(false)
    if (!missing.ok)
      expect(`${missing.error.code}: ${missing.error.fix}`).toBe('unknown-codec: Use one of: plain, top-k.')
  })

  it('parses a selection with its defaults and refuses unknown names and options', () => {
    expect(registry.selection.parse({ codec: 'top-k' })).toEqual({ codec: 'top-k', density: 0.1 })
    expect(registry.selection.safeParse({ codec: 'zip' }).success).toBe(false)
    expect(registry.selection.safeParse({ codec: 'plain', density: 0.5 }).success).toBe(false)
    expect(registry.selection.safeParse({ codec: 'top-k', density: 2 }).success).toBe(false)
  })

  it('says which names there are where there is no such, and which options', () => {
    const said = (input: unknown) => registry.selection.safeParse(input).error?.issues.map(({ message }) => message)
    expect(said({ codec: 'zip' })).toEqual(['unknown codec "zip": use one of plain, top-k'])
    const orNone = registry.selectionOrNone.safeParse({ codec: 'zip' }).error?.issues[0]?.message
    expect(orNone).toBe('unknown codec "zip": use one of none, plain, top-k')
    expect(said({ codec: 'top-k', size: 1 })).toEqual(['codec top-k has no option size: it has density'])
    expect(said({ codec: 'plain', size: 1 })).toEqual(['codec plain has no option size: it has none'])
  })

  it('parses a selection of none where that is a choice, and gives it no options', () => {
    expect(registry.selection.safeParse({ codec: 'none' }).success).toBe(false)
    expect(registry.selectionOrNone.parse({ codec: 'none' })).toEqual({ codec: 'none' })
    expect(registry.selectionOrNone.parse({ codec: 'top-k' })).toEqual({ codec: 'top-k', density: 0.1 })
    expect(registry.selectionOrNone.safeParse({ codec: 'none', density: 0.5 }).success).toBe(false)
  })
})
