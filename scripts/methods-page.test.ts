import { readFileSync } from 'node:fs'
import { adapterMethods } from '@tessera/adapters'
import { describe, expect, it } from 'vitest'
import { METHODS_PAGE, methodsPage } from './methods-page.ts'

describe('docs/methods.md', () => {
  it('is what the lists give; otherwise run: npx tsx scripts/methods-page.ts', () => {
    expect(readFileSync(METHODS_PAGE, 'utf8')).toBe(methodsPage())
  })

  it('cites a paper for every method, and says what every option means', () => {
    const [, ...sections] = methodsPage().split('\n### ')
    for (const section of sections.slice(0, adapterMethods.names.length)) {
      expect(section).toMatch(/https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}/)
      expect(section).not.toMatch(/\| {2}\|$/m)
    }
  })
})
