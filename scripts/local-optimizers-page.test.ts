import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LOCAL_OPTIMIZERS_PAGE, localOptimizersPage } from './local-optimizers-page.ts'
import { CITATION } from './plugin-page.ts'

describe('docs/local-optimizers.md', () => {
  it('is what the list gives; otherwise run: npx tsx scripts/local-optimizers-page.ts', () => {
    expect(readFileSync(LOCAL_OPTIMIZERS_PAGE, 'utf8')).toBe(localOptimizersPage())
  })

  it('cites a paper for every optimizer in its first line, and says what every option means', () => {
    const [, ...sections] = localOptimizersPage().split('\n## ')
    for (const section of sections) {
      expect(section.split('\n')[2]).toMatch(CITATION)
      expect(section).not.toMatch(/\| {2}\|$/m)
    }
  })
})
