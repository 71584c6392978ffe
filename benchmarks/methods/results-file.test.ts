import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bestRows } from './bench-case.ts'
import { exampleRow } from './example-row.ts'
import { knownRow, openResults } from './results-file.ts'

const machine = { cpu: 'a', cores: 2 }
let folder = ''
let file: URL

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'methods-'))
  file = pathToFileURL(join(folder, 'results.json'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('openResults', () => {
  it('keeps every row as it comes: the next process finds both', () => {
    const rows = [exampleRow(), exampleRow({ clients: 30 })]
    const results = openResults(file, machine)
    for (const row of rows) results.put(row)
    expect(openResults(file, machine).rows()).toEqual(rows)
    expect(readdirSync(folder)).toEqual(['results.json'])
  })

  it('does not mix the times of two machines', () => {
    openResults(file, machine).put(exampleRow())
    expect(() => openResults(file, { cpu: 'b', cores: 2 })).toThrow('another machine')
  })
})

describe('knownRow', () => {
  const row = exampleRow()

  it('knows a case again, whatever the order of its fields', () => {
    const settings = { ...row.settings, adapter: { rank: 8, method: 'lora' } }
    expect(knownRow([row], { setting: 'paper', settings })).toBe(row)
  })

  it.each([{ clients: 10 }, { seed: 2 }, { rate: 0.002 }, { adapter: { method: 'lora', rank: 4 } }])(
    'runs it anew with %j',
    (changed) => {
      expect(knownRow([row], { setting: 'paper', settings: { ...row.settings, ...changed } })).toBeUndefined()
    },
  )
})

describe('bestRows', () => {
  it('takes the best rate of a method, and keeps other numbers of clients apart', () => {
    const slow = exampleRow({ rate: 0.001 }, { accuracy: 0.4 })
    const fast = exampleRow({ rate: 0.01 }, { accuracy: 0.6 })
    const many = exampleRow({ clients: 30 }, { accuracy: 0.3 })
    expect(bestRows([slow, fast, many])).toEqual([fast, many])
  })
})
