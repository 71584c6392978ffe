import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { allocatedBytes, mutatedBytes, testRandom } from '@tessera/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_DICTIONARY } from './header-dictionary.ts'
import { MAX_HEADER_BYTES } from './limits.ts'
import { unpackHeader } from './packed-header.ts'

const text = (value: string) => new TextEncoder().encode(value)
const reasonOf = (bytes: Uint8Array) => {
  const inflated = unpackHeader(bytes)
  return inflated.ok ? 'ok' : `${inflated.error.code}: ${inflated.error.message}`
}

/** What zlib makes of the bytes, if they are one stream, nothing follows it, and it is not too long. */
function byZlib(bytes: Uint8Array): Uint8Array | null {
  try {
    const options = { dictionary: HEADER_DICTIONARY, maxOutputLength: MAX_HEADER_BYTES, info: true } as const
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    return engine.bytesWritten === bytes.length ? new Uint8Array(buffer) : null
  } catch {
    return null
  }
}

describe('a packed header', () => {
  it('gives back what zlib deflates, at every level and by every strategy, with a dictionary or none', () => {
    const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.json().map(text),
      fc.array(fc.constantFrom(...'abc"'), { maxLength: 20_000 }).map((letters) => text(letters.join(''))),
    )
    const level = fc.constantFrom(0, 1, 6, 9)
    const strategy = fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED)
    const dictionary = fc.constantFrom(HEADER_DICTIONARY, new Uint8Array(0))
    const check = (bytes: Uint8Array, options: { level: number; strategy: number; dictionary: Uint8Array }) => {
      const { dictionary: own, ...rest } = options
      const deflated = deflateRawSync(bytes, own.length === 0 ? rest : options)
      expect(unpackHeader(deflated)).toEqual({ ok: true, value: bytes })
    }
    fc.assert(fc.property(content, fc.record({ level, strategy, dictionary }), check), { numRuns: 500 })
  })

  it('reads many blocks of all kinds in one stream', () => {
    const noise = Uint8Array.from({ length: 20_000 }, (_, at) => (at * at * 31) >> 7)
    const content = Uint8Array.of(...text('{"type":"update"'.repeat(900)), ...noise, ...text('x'.repeat(9000)))
    expect(unpackHeader(deflateRawSync(content, { level: 9, memLevel: 1 }))).toEqual({ ok: true, value: content })
  })

  it('agrees with zlib on 20000 mutated streams: the same bytes, or refused by both', () => {
    const header = '{"type":"progress","runId":"demo-1a2b3c4d","round":1,"step":5,"loss":2.25}'
    const samples = [0, 1, 9].flatMap((level) =>
      [header, header.repeat(9), 'hash 5af1e09c7b6d423381'.repeat(3)].map((value) =>
        deflateRawSync(text(value), { level, dictionary: HEADER_DICTIONARY }),
      ),
    )
    const random = testRandom(1951)
    for (let at = 0; at < 20_000; at++) {
      const bytes = mutatedBytes(samples[random.below(samples.length)]!, random)
      const [inflated, expected] = [unpackHeader(bytes), byZlib(bytes)]
      if ((inflated.ok ? inflated.value : null)?.join() !== expected?.join())
        throw new Error(`zlib says otherwise of ${bytes.join()}`)
    }
  })

  it('refuses a bomb of 58 kB for 60 MB in little memory', () => {
    const bomb = deflateRawSync(new Uint8Array(60_000_000), { level: 9 })
    expect(bomb.length).toBeLessThan(65_536)
    expect(reasonOf(bomb)).toBe(
      'invalid-message: the header is no DEFLATE stream of this protocol: it holds more than 65536 bytes',
    )
    // the pieces, the window of 32 KiB and the tables of the stream
    expect(allocatedBytes(() => unpackHeader(bomb))).toBeLessThan(3 * MAX_HEADER_BYTES)
  })

  it('refuses what is cut short, and what has bytes after its end', () => {
    const whole = deflateRawSync(text('{"type":"goodbye"}'), { dictionary: HEADER_DICTIONARY })
    for (let length = 0; length < whole.length; length++)
      expect(reasonOf(whole.subarray(0, length))).toMatch(/^invalid-message: .*cut short/)
    expect(reasonOf(Uint8Array.of(...whole, 0))).toMatch(/bytes follow its end/)
  })
})
