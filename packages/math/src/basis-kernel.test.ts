import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { BASIS_KERNEL } from './basis-kernel.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

async function assembled(): Promise<Uint8Array> {
  const { parseWat } = await wabt()
  const source = parseWat('basis-kernel.wat', readFileSync(here('basis-kernel.wat')), { simd: true })
  return source.toBinary({}).buffer
}

/** Rows of sixteen bytes: what the formatter leaves alone. */
function asModule(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, '0')}`)
  const rows = Array.from({ length: Math.ceil(hex.length / 16) }, (_, row) => hex.slice(16 * row, 16 * row + 16))
  return [
    '/** basis-kernel.wat, assembled by its test: `vitest -u` writes this file anew. */',
    '// biome-ignore format: sixteen bytes a row',
    'export const BASIS_KERNEL = Uint8Array.of(',
    ...rows.map((row) => `  ${row.join(', ')},`),
    ')',
    '',
  ].join('\n')
}

describe('the kernel of random bases', () => {
  it('is its source, assembled', async () => {
    const bytes = await assembled()
    await expect(asModule(bytes)).toMatchFileSnapshot(here('basis-kernel.ts'))
    expect(BASIS_KERNEL).toEqual(new Uint8Array(bytes))
  })

  it('is small enough for a page to compile at once: below 4096 bytes', () => {
    expect(BASIS_KERNEL.length).toBeLessThan(4096)
  })
})
