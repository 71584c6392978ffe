import { describe, expect, it } from 'vitest'
import { isInstalled } from './dependencies.mjs'
import { outputOf } from './prisma-client.mjs'

describe('the installed packages', () => {
  const wanted = {
    '': { version: '0.1.0' },
    'packages/math': { version: '0.1.0' },
    'node_modules/zod': { version: '4.6.7', integrity: 'sha512-a' },
    'node_modules/@tessera/math': { link: true, resolved: 'packages/math' },
    'node_modules/fsevents': { version: '2.3.3', integrity: 'sha512-b', optional: true },
  }
  const { 'node_modules/fsevents': _, ...present } = wanted

  it('are those of the lockfile when only an optional package for another platform is missing', () => {
    expect(isInstalled(wanted, present)).toBe(true)
  })

  it.each([
    ['a package is missing', { 'node_modules/@tessera/math': present['node_modules/@tessera/math'] }],
    ['a version differs', { ...present, 'node_modules/zod': { version: '4.6.6', integrity: 'sha512-a' } }],
    ['a content differs', { ...present, 'node_modules/zod': { version: '4.6.7', integrity: 'sha512-c' } }],
    ['a workspace is not linked', { ...present, 'node_modules/@tessera/math': { version: '0.1.0' } }],
  ])('are not when %s', (_why, have) => {
    expect(isInstalled(wanted, have)).toBe(false)
  })
})

describe('the folder of the Prisma client', () => {
  it('is what the generator says, relative to the schema', () => {
    const schema = 'generator client {\n  provider = "prisma-client"\n  output   = "../apps/generated"\n}'
    expect(outputOf(schema)).toBe('apps/generated')
    expect(outputOf('generator client {\n  provider = "x"\n  output = "./generated"\n}')).toBe('prisma/generated')
  })

  it('is not taken from another block', () => {
    expect(outputOf('// output = "elsewhere"\ngenerator client {\n  provider = "x"\n}')).toBe('prisma/generated')
  })
})
