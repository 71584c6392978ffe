import { describe, expect, it } from 'vitest'
import { importCycles } from './cycles.ts'
import { packageOf, undeclaredImports, unusedRooms } from './dependencies.ts'
import { meaninglessNames, unfurnishedRooms } from './furniture.ts'
import { directionViolations, escapes, mayImport } from './layers.ts'
import { environmentReads, impurities } from './purity.ts'
import { parse } from './source.ts'

const source = (path: string, text: string) => parse({ path, text })

describe('the direction table', () => {
  it.each([
    ['vocabulary', 'math'],
    ['math', 'codecs'],
    ['codecs', 'adapters'],
    ['protocol', 'codecs'],
    ['models', 'compiler'],
    ['compiler', 'trainer'],
    ['federation', 'trainer'],
    ['trainer', 'runs'],
    ['runs', 'testing'],
    ['trainer', 'coordinator'],
    ['dashboard', 'math'],
    ['dashboard', 'federation'],
    ['worker', 'coordinator'],
    ['trainer', 'testing'],
    ['cli', 'testing'],
    ['cli', 'unknown'],
    ['unknown', 'math'],
  ])('refuses %s → %s', (from, to) => {
    expect(mayImport(from, to)).toBe(false)
  })

  it.each([
    ['math', 'vocabulary'],
    ['codecs', 'math'],
    ['compiler', 'vocabulary'],
    ['federation', 'aggregators'],
    ['trainer', 'compiler'],
    ['coordinator', 'federation'],
    ['dashboard', 'protocol'],
    ['cli', 'worker'],
    ['runs', 'federation'],
    ['codecs', 'registry'],
    ['testing', 'models'],
  ])('allows %s → %s', (from, to) => {
    expect(mayImport(from, to)).toBe(true)
  })

  it('names file, line and both rooms of an upward import, in every form an import can take', () => {
    const text = [
      "import { a } from '@tessera/trainer'",
      "import type { B } from '@tessera/trainer'",
      "export { c } from '@tessera/trainer'",
      "const d = await import('@tessera/trainer')",
      "type E = import('@tessera/trainer').E",
      "// import { f } from '@tessera/trainer'",
      'const g = "import { g } from \'@tessera/trainer\'"',
    ].join('\n')
    expect(directionViolations([source('packages/math/src/a.ts', text)])).toEqual(
      [1, 2, 3, 4, 5].map((line) => `packages/math/src/a.ts:${line} math may not import trainer`),
    )
  })

  it('lets a test, and nothing else, import the law suites', () => {
    const text = "import { describeCodec } from '@tessera/testing'"
    expect(directionViolations([source('packages/codecs/src/a.test.ts', text)])).toEqual([])
    expect(directionViolations([source('packages/codecs/src/a.ts', text)])).toHaveLength(1)
  })

  it('sees a relative path that leaves its room, and not one that stays in it', () => {
    const text = "import { a } from '../../math/src/qr.ts'\nimport { b } from './b.ts'"
    expect(escapes([source('packages/codecs/src/a.ts', text)])).toHaveLength(1)
    expect(escapes([source('apps/cli/src/run/a.ts', "import { b } from '../b.ts'")])).toEqual([])
    expect(escapes([source('apps/cli/bin/a.js', "await import('../src/main.ts')")])).toEqual([])
  })
})

describe('dependencies', () => {
  const manifests = [{ room: 'math', dependencies: ['zod', '@tessera/vocabulary'], devDependencies: ['seedrandom'] }]

  it('reduces a specifier to its package', () => {
    expect(packageOf('@noble/hashes/sha2.js')).toBe('@noble/hashes')
    expect(packageOf('uplot/dist/uPlot.min.css')).toBe('uplot')
    expect(packageOf('./qr.ts')).toBeUndefined()
    expect(packageOf('node:fs')).toBeUndefined()
  })

  it('finds what is imported and not declared; a test may use devDependencies of its room and of the root', () => {
    const text = "import 'zod'\nimport 'seedrandom'\nimport 'vitest'\nimport 'lodash/get.js'"
    expect(undeclaredImports([source('packages/math/src/a.ts', text)], manifests, ['vitest'])).toEqual([
      'packages/math/src/a.ts:2 seedrandom is not in math/package.json',
      'packages/math/src/a.ts:3 vitest is not in math/package.json',
      'packages/math/src/a.ts:4 lodash is not in math/package.json',
    ])
    expect(undeclaredImports([source('packages/math/src/a.test.ts', text)], manifests, ['vitest'])).toEqual([
      'packages/math/src/a.test.ts:4 lodash is not in math/package.json',
    ])
  })

  it('finds a room that is declared and used by no source, or only by tests', () => {
    const text = "import { ok } from '@tessera/vocabulary'"
    expect(unusedRooms([source('packages/math/src/a.ts', text)], manifests)).toEqual([])
    expect(unusedRooms([source('packages/math/src/a.test.ts', text)], manifests)).toHaveLength(1)
    expect(unusedRooms([], manifests)).toHaveLength(1)
  })
})

describe('cycles', () => {
  it('finds one of three files, across rooms, through a type import', () => {
    const sources = [
      source('packages/math/src/index.ts', "export { a } from './a.ts'"),
      source('packages/math/src/a.ts', "import type { B } from '@tessera/vocabulary'"),
      source('packages/vocabulary/src/index.ts', "import { a } from '@tessera/math'"),
    ]
    expect(importCycles(sources)).toEqual([
      'packages/math/src/index.ts → packages/math/src/a.ts → packages/vocabulary/src/index.ts → packages/math/src/index.ts',
    ])
  })

  it('does not mistake a diamond for one', () => {
    const sources = [
      source('packages/math/src/a.ts', "import './b.ts'\nimport './c.ts'"),
      source('packages/math/src/b.ts', "import './d.ts'"),
      source('packages/math/src/c.ts', "import './d.ts'"),
      source('packages/math/src/d.ts', ''),
    ]
    expect(importCycles(sources)).toEqual([])
  })
})

describe('purity', () => {
  it.each([
    ["import { readFileSync } from 'node:fs'", 'imports node:fs'],
    ['const now = Date.now()', 'uses Date'],
    ['const when: Date = x', 'uses Date'],
    ['const u = Math.random()', 'uses Math.random'],
    ['const f = globalThis.setTimeout', 'uses setTimeout'],
    ['const e = process.env.HOME', 'uses process'],
    ["console.log('x')", 'uses console'],
    ['setInterval(f, 10)', 'uses setInterval'],
    ['const o = { process }', 'uses process'],
  ])('sees %s', (text, what) => {
    expect(impurities(source('packages/math/src/a.ts', text))).toEqual([`packages/math/src/a.ts:1 ${what}`])
  })

  it.each([
    '// Date.now() and Math.random()',
    "const text = 'console.log'",
    'const o = { Date: 1, process: 2 }\no.process',
    'const twice = (process: number) => process * 2',
    'const x = Math.sqrt(2)',
    'interface Clock { setTimeout(ms: number): void }',
  ])('does not mistake %s', (text) => {
    expect(impurities(source('packages/math/src/a.ts', text))).toEqual([])
  })

  it('sees both ways to read the environment', () => {
    const text = "import { env } from 'node:process'\nconst port = process.env.PORT\nconst other = config.env"
    expect(environmentReads(source('apps/cli/src/a.ts', text))).toEqual([
      'apps/cli/src/a.ts:1 reads the environment',
      'apps/cli/src/a.ts:2 reads the environment',
    ])
  })
})

describe('furniture', () => {
  it('refuses names without an idea, whatever they end in', () => {
    const paths = ['packages/math/src/utils.ts', 'apps/cli/src/types.test.ts', 'packages/math/src/base-model.ts']
    expect(meaninglessNames(paths)).toEqual(paths.slice(0, 2))
  })

  it('asks of an app only a README and a source that is not empty', () => {
    const readme = 'apps/cli/README.md'
    const main = source('apps/cli/src/main.ts', "await import('./run.ts')")
    expect(unfurnishedRooms(['apps/cli'], [readme], [main])).toEqual([])
    const empty = source('apps/cli/src/index.ts', 'export {}')
    expect(unfurnishedRooms(['apps/cli'], [readme], [empty])).toEqual(['apps/cli lacks a source that does something'])
    expect(unfurnishedRooms(['apps/cli'], [readme], [main, empty])).toEqual(['apps/cli has an empty src/index.ts'])
  })

  it('names what a room lacks', () => {
    const empty = source('packages/attic/src/index.ts', 'export {}')
    expect(unfurnishedRooms(['packages/attic'], [empty.path], [empty])).toEqual([
      'packages/attic lacks a layer in the direction table',
      'packages/attic lacks a README.md',
      'packages/attic lacks a src/index.ts that exports something',
    ])
  })

  it.each(["export { a } from './a.ts'", "export * from './a.ts'", 'export const a = 1', 'export type A = 1'])(
    'accepts the entry %s',
    (text) => {
      const entry = source('packages/math/src/index.ts', text)
      expect(unfurnishedRooms(['packages/math'], ['packages/math/README.md'], [entry])).toEqual([])
    },
  )
})
