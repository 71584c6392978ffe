import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openResults } from './results-file.ts'

interface Row {
  readonly name: string
  readonly accuracy: number
}

const machine = { cpu: 'a', cores: 2 }
let folder = ''
let file: URL

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'results-'))
  file = pathToFileURL(join(folder, 'results.json'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (of: Readonly<Record<string, unknown>> = machine) => openResults<Row>(file, of, ({ name }) => name)

describe('openResults', () => {
  it('keeps every row as it comes: the next process finds both', () => {
    const rows = [
      { name: 'lora', accuracy: 0.5 },
      { name: 'full', accuracy: 0.6 },
    ]
    const results = open()
    for (const row of rows) results.put(row)
    expect(open().rows()).toEqual(rows)
    expect(readdirSync(folder)).toEqual(['results.json'])
  })

  it('puts a row in the place of the one with its key, and several at once', () => {
    const results = open()
    results.put({ name: 'lora', accuracy: 0.5 })
    results.put({ name: 'full', accuracy: 0.6 }, { name: 'lora', accuracy: 0.7 })
    expect(open().rows()).toEqual([
      { name: 'lora', accuracy: 0.7 },
      { name: 'full', accuracy: 0.6 },
    ])
  })

  it('does not mix the times of two machines', () => {
    open().put({ name: 'lora', accuracy: 0.5 })
    expect(() => open({ cpu: 'b', cores: 2 })).toThrow('another machine')
  })
})
