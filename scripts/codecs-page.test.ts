import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CODECS_PAGE, codecsPage } from './codecs-page.ts'

describe('docs/codecs.md', () => {
  it('is what the list gives; otherwise run: npx tsx scripts/codecs-page.ts', () => {
    expect(readFileSync(CODECS_PAGE, 'utf8')).toBe(codecsPage())
  })

  it('says of every codec what it is and what every option means', () => {
    const [, ...sections] = codecsPage().split('\n## ')
    for (const section of sections) {
      expect(section.split('\n\n')[1]!.length).toBeGreaterThan(40)
      expect(section).not.toMatch(/\| {2}\|$/m)
    }
  })
})
