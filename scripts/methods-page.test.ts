import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { METHODS_PAGE, methodsPage } from './methods-page.ts'
import { CITATION } from './plugin-page.ts'

/** The sections of a chapter. */
function sectionsOf(title: string): string[] {
  const chapter = methodsPage()
    .split('\n## ')
    .find((text) => text.startsWith(`${title}\n`))!
  return chapter.split('\n### ').slice(1)
}

describe('docs/methods.md', () => {
  it('is what the lists give; otherwise run: npx tsx scripts/methods-page.ts', () => {
    expect(readFileSync(METHODS_PAGE, 'utf8')).toBe(methodsPage())
  })

  it.each(['Methods', 'Initialisations'])('cites a paper for each of the %s in its first line', (title) => {
    const sections = sectionsOf(title)
    expect(sections.length).toBeGreaterThan(0)
    for (const section of sections) expect(section.split('\n')[2]).toMatch(CITATION)
  })

  it.each(['Methods', 'Initialisations', 'Rank policies'])('says what every option of the %s means', (title) => {
    for (const section of sectionsOf(title)) expect(section).not.toMatch(/\| {2}\|$/m)
  })

  it('says `by round` of a method that lets something rest by default, not of one that can be told to', () => {
    const [, head] = methodsPage().split('\n## ')
    const trained = (name: string) =>
      head!
        .split('\n')
        .find((line) => line.startsWith(`| [${name}]`))!
        .split('|')[4]
    expect(['lamda', 'lisa'].map(trained)).toEqual(Array(2).fill(' by round '))
    expect(['vera', 'lora'].map(trained)).toEqual(Array(2).fill(' always   '))
  })
})
