import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPostgres } from './postgres.mjs'

describe('the PostgreSQL that is found', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tessera-postgres-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A folder of programs that exit as told. */
  const programs = (name: string, exitCode = 0) => {
    const bin = join(folder, name)
    mkdirSync(bin, { recursive: true })
    for (const program of ['postgres', 'initdb']) {
      writeFileSync(join(bin, program), `#!/bin/sh\nexit ${exitCode}\n`)
      chmodSync(join(bin, program), 0o755)
    }
    return bin
  }

  it("is the one of POSTGRES_BIN, before Debian's newest, before the PATH", () => {
    const onPath = programs('bin')
    const debian = join(folder, 'debian')
    programs('debian/9/bin')
    const newest = programs('debian/15/bin')
    const asked = programs('asked')
    const env = { POSTGRES_BIN: asked, PATH: onPath }
    expect(findPostgres({ env, debian })).toBe(asked)
    expect(findPostgres({ env: { PATH: onPath }, debian })).toBe(newest)
    expect(findPostgres({ env: { PATH: onPath }, debian: join(folder, 'none') })).toBe(onPath)
  })

  it('is one that starts: what Debian left of a version without its server is passed over', () => {
    const debian = join(folder, 'debian')
    mkdirSync(join(debian, '16/bin'), { recursive: true })
    programs('debian/15/bin', 1)
    const works = programs('debian/14/bin')
    expect(findPostgres({ env: {}, debian })).toBe(works)
  })

  it('is never another one than POSTGRES_BIN asks for', () => {
    const env = { POSTGRES_BIN: programs('broken', 1), PATH: programs('bin') }
    expect(() => findPostgres({ env })).toThrow('POSTGRES_BIN')
  })
})
