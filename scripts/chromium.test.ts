import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findChromium, findSwiftShader, softwareVulkan } from './chromium.mjs'

describe('the Chromium that is found', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tessera-chromium-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A program that exits as told, whatever it is asked. */
  const program = (name: string, exitCode: number) => {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\nexit ${exitCode}\n`)
    chmodSync(file, 0o755)
    return file
  }

  it('is the one of CHROMIUM_PATH, before the PATH, before the newest of Playwright’s cache', () => {
    program('cache/chromium-1100/chrome-linux/chrome', 0)
    const cached = program('cache/chromium-1200/chrome-linux64/chrome', 0)
    const onPath = program('bin/chromium', 0)
    const asked = program('asked/browser', 0)
    const env = { CHROMIUM_PATH: asked, PATH: join(folder, 'bin'), PLAYWRIGHT_BROWSERS_PATH: join(folder, 'cache') }
    expect(findChromium(env)).toBe(asked)
    expect(findChromium({ ...env, CHROMIUM_PATH: undefined })).toBe(onPath)
    expect(findChromium({ ...env, CHROMIUM_PATH: undefined, PATH: '' })).toBe(cached)
  })

  it('is one that starts: a stub that exits with 1 is passed over', () => {
    program('bin/chromium', 1)
    const works = program('bin/google-chrome', 0)
    expect(findChromium({ PATH: join(folder, 'bin') })).toBe(works)
  })

  it('is never another one than CHROMIUM_PATH asks for', () => {
    program('bin/chromium', 0)
    const missing = join(folder, 'missing')
    expect(() => findChromium({ CHROMIUM_PATH: missing, PATH: join(folder, 'bin') })).toThrow(
      `CHROMIUM_PATH is ${missing}, which does not start`,
    )
  })

  it('brings the Vulkan driver that lies beside it, unless another one is named', () => {
    const chromium = program('browser/chrome', 0)
    const manifest = join(folder, 'browser/vk_swiftshader_icd.json')
    writeFileSync(manifest, '{}')
    expect(findSwiftShader(chromium)).toBe(manifest)
    expect(softwareVulkan(chromium, { LD_LIBRARY_PATH: '/lib/a' })).toEqual({
      VK_ICD_FILENAMES: manifest,
      LD_LIBRARY_PATH: `/lib/a:${dirname(manifest)}`,
    })
    expect(softwareVulkan(chromium, { VK_ICD_FILENAMES: '/etc/gpu.json' })).toEqual({})
  })
})
