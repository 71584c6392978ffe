import { codecs } from '@tessera/codecs'
import { clientId, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { federationSpec } from './federation-spec.ts'
import { codecOf, largestRead, packUpdate, unpackUpdate } from './update-codec.ts'

const CLIENT = clientId('a')
const UPDATE = Float32Array.from({ length: 40 }, (_, at) => (at - 20) / 8)
const workOf = (codec: object, round = 1, kind: 'train' | 'probe' = 'train') => ({
  spec: federationSpec.parse({ seed: 3, codec }),
  kind,
  round,
})

for (const { name } of codecs.plugins) {
  it(`an update of a run with the codec ${name} is read as what its codec makes of it`, () => {
    const work = workOf({ codec: name })
    const packed = packUpdate(work, UPDATE, CLIENT)
    const read = unwrap(unpackUpdate(work, { ...packed, length: 40 }, 40))
    expect(packed.codec).toBe(name)
    const alike = read.filter((value, at) => Math.sign(value) === Math.sign(UPDATE[at]!) || value === 0)
    expect(alike.length).toBeGreaterThanOrEqual(39) // `sign` has no zero
    expect(read.some((value) => value !== 0)).toBe(true)
  })
}

describe('what both ends draw from the seed', () => {
  it('belongs to the round that gave the work out: read as of another round, a shared mask is another', () => {
    const packed = packUpdate(workOf({ codec: 'random-k', density: 0.2, unbiased: false }, 4), UPDATE, CLIENT)
    const readAs = (round: number) =>
      unwrap(
        unpackUpdate(
          workOf({ codec: 'random-k', density: 0.2, unbiased: false }, round),
          { ...packed, length: 40 },
          40,
        ),
      )
    const own = readAs(4)
    expect(own.filter((value) => value !== 0).every((value) => UPDATE.includes(value))).toBe(true)
    expect(own).not.toEqual(readAs(5))
  })
})

it('a pass of the initialisation travels as it is, whatever the codec of the run', () => {
  const work = workOf({ codec: 'ternary' }, 0, 'probe')
  expect(codecOf(work)).toEqual({ codec: 'float32' })
  expect(unwrap(unpackUpdate(work, { ...packUpdate(work, UPDATE, CLIENT), length: 40 }, 40))).toEqual(UPDATE)
})

it('what is read is at most as large as what is sent and the error of the codec together: 1 + 0, and 1 + 1 + 2 / 0.1', () => {
  const read = (codec: object) => largestRead(federationSpec.parse({ codec }).codec, 1)
  expect([read({ codec: 'float32' }), read({ codec: 'random-k', density: 0.1 })]).toEqual([1, 22])
})

it('another codec and another length are refused', () => {
  const packed = { ...packUpdate(workOf({ codec: 'int8' }), UPDATE, CLIENT), length: 40 }
  const codeOf = (codec: string, length: number) => {
    const read = unpackUpdate(workOf({ codec }), packed, length)
    return read.ok ? 'ok' : read.error.code
  }
  expect([codeOf('int4', 40), codeOf('int8', 41), codeOf('int8', 40)]).toEqual([
    'unknown-codec',
    'shape-mismatch',
    'ok',
  ])
})
