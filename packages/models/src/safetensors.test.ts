import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSafetensors, type SafetensorsTensor, writeSafetensors } from './safetensors.ts'

const encoder = new TextEncoder()

/** A file with any header text, its true length in front, and `dataBytes` zeros behind. */
function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = encoder.encode(header)
  const file = new Uint8Array(8 + text.length + dataBytes)
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true)
  file.set(text, 8)
  return file
}

function messageOf(bytes: Uint8Array): string {
  const result = readSafetensors(bytes)
  if (result.ok) throw new Error('the file was accepted')
  expect(result.error.code).toBe('corrupt-safetensors')
  return result.error.message
}

const f32 = (begin: number, end: number, shape: number[]) => ({ dtype: 'F32', shape, data_offsets: [begin, end] })

const tensor = fc
  .record({
    dtype: fc.constantFrom('F32' as const, 'F16' as const, 'BF16' as const),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain(({ dtype, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1)
    // Quarters up to 16 are exact in all three dtypes.
    const number = fc.integer({ min: -64, max: 64 }).map((quarters) => quarters / 4)
    return fc
      .array(number, { minLength: length, maxLength: length })
      .map((data): SafetensorsTensor => ({ dtype, shape, data: Float32Array.from(data) }))
  })
const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__metadata__')
const tensors = fc.dictionary(name, tensor, { maxKeys: 5, noNullPrototype: true })
const metadata = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { noNullPrototype: true })

describe('safetensors', () => {
  it('writes one float 1.5 as 8 bytes of length, a header of 56 padded with spaces, and 4 bytes of data', () => {
    const file = writeSafetensors({ a: { dtype: 'F32', shape: [1], data: Float32Array.of(1.5) } })
    expect(new DataView(file.buffer).getBigUint64(0, true)).toBe(56n)
    expect(new TextDecoder().decode(file.subarray(8, 64)).trimEnd()).toBe(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    )
    expect(Array.from(file.subarray(64))).toEqual([0, 0, 0xc0, 0x3f]) // 1.5 is 0x3fc00000
  })

  it('puts wider dtypes first, then names in order, whatever the insertion order', () => {
    const one = (dtype: SafetensorsTensor['dtype']) => ({ dtype, shape: [1], data: Float32Array.of(1) })
    const file = writeSafetensors({ a: one('F16'), z: one('F32'), '1': one('F32') }, { y: 'b', x: 'a' })
    const sameInOtherOrder = writeSafetensors({ '1': one('F32'), z: one('F32'), a: one('F16') }, { x: 'a', y: 'b' })
    expect(sameInOtherOrder).toEqual(file)
    const header = new TextDecoder().decode(file)
    const positions = ['"__metadata__"', '"1"', '"z"', '"a":{'].map((key) => header.indexOf(key))
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  })

  it('reads back what it wrote, at any alignment of the bytes', () => {
    fc.assert(
      fc.property(tensors, metadata, fc.nat(7), (tensors, metadata, shift) => {
        const file = writeSafetensors(tensors, metadata)
        const shifted = new Uint8Array(file.length + shift).subarray(shift)
        shifted.set(file)
        expect(readSafetensors(shifted)).toEqual({ ok: true, value: { tensors, metadata } })
      }),
    )
  })

  it('refuses every truncation', () => {
    fc.assert(
      fc.property(tensors, metadata, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (t, m, part) => {
        const file = writeSafetensors(t, m)
        const cut = file.subarray(0, Math.floor(part * file.length))
        expect(messageOf(cut)).not.toBe('')
      }),
    )
  })

  it('answers a flipped byte in the header with a result, never with an exception', () => {
    fc.assert(
      fc.property(tensors, fc.nat(), fc.integer({ min: 1, max: 255 }), (tensors, at, flip) => {
        const file = writeSafetensors(tensors, { format: 'pt' })
        const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true))
        file[at % headerEnd]! ^= flip
        const result = readSafetensors(file)
        if (!result.ok) expect(result.error.code).toBe('corrupt-safetensors')
      }),
      { numRuns: 500 },
    )
  })

  it('keeps a tensor called __proto__ a tensor', () => {
    const file = fileOf('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4)
    const result = readSafetensors(file)
    expect(result.ok && Object.keys(result.value.tensors)).toEqual(['__proto__'])
  })

  it.each([
    ['fewer than 8 bytes', new Uint8Array(7), 'the file has 7 bytes'],
    ['a header length over the limit', new Uint8Array(16).fill(255), 'over the limit of 100000000'],
    ['a header longer than the file', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123), 'truncated: the header has 9 bytes'],
    ['no JSON', fileOf('{"a"', 0), 'not JSON'],
    ['bytes that are not UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), 'not JSON in UTF-8'],
    ['a list as header', fileOf('[]', 0), 'not a JSON object'],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}', 0), '__metadata__ is not an object of strings'],
    ['an unknown dtype', fileOf('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8), '"a" has dtype I64'],
    [
      'an inherited name as dtype',
      fileOf('{"a":{"dtype":"toString","shape":[],"data_offsets":[0,4]}}', 4),
      'dtype toStr',
    ],
    ['a negative size', fileOf(JSON.stringify({ a: f32(0, 4, [-1]) }), 4), 'entry of "a" is not valid'],
    ['a size of 2^62', fileOf(JSON.stringify({ a: f32(0, 4, [2 ** 31, 2 ** 31]) }), 4), '"a" is F32'],
    ['offsets that disagree with the shape', fileOf(JSON.stringify({ a: f32(0, 8, [1]) }), 8), '4 bytes, but'],
    ['an overlap', fileOf(JSON.stringify({ a: f32(0, 8, [2]), b: f32(4, 8, [1]) }), 8), '"b" starts at 4, inside'],
    ['a hole', fileOf(JSON.stringify({ a: f32(0, 4, [1]), b: f32(8, 12, [1]) }), 12), 'a hole of 4 bytes before "b"'],
    ['data that is too short', fileOf(JSON.stringify({ a: f32(0, 8, [2]) }), 7), 'truncated: "a" ends at 8'],
    ['data that is too long', fileOf(JSON.stringify({ a: f32(0, 4, [1]) }), 6), '2 bytes after the last tensor'],
  ])('refuses %s and says so', (_what, bytes, message) => {
    expect(messageOf(bytes)).toContain(message)
  })

  it('throws on our own mistakes: a length that is not the shape, the reserved name', () => {
    const data = new Float32Array(3)
    expect(() => writeSafetensors({ a: { dtype: 'F32', shape: [2, 2], data } })).toThrow('expected length 4, got 3')
    expect(() => writeSafetensors({ __metadata__: { dtype: 'F32', shape: [3], data } })).toThrow(RangeError)
  })
})
