import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCoordinates, decodeFactors, encodeCoordinates, encodeFactors } from './artefacts.ts'

const factors = { 'q_proj.B': Float32Array.of(1, -2.5), 'q_proj.A': Float32Array.of(2 ** -140, 0, -0) }

describe('factors', () => {
  it('come back as they were, and have one form whatever the order', () => {
    expect(decodeFactors(encodeFactors(factors))).toEqual({ ok: true, value: factors })
    const reversed = Object.fromEntries(Object.entries(factors).reverse())
    expect(encodeFactors(reversed)).toEqual(encodeFactors(factors))
  })

  it('are refused at every length but their own', () => {
    const bytes = encodeFactors(factors)
    for (let length = 0; length < bytes.length; length++) {
      const decoded = decodeFactors(bytes.subarray(0, length))
      expect(decoded.ok ? 'ok' : decoded.error.code).toBe('corrupt-safetensors')
    }
    const longer = decodeFactors(Uint8Array.of(...bytes, 0))
    expect(longer.ok ? 'ok' : longer.error.code).toBe('corrupt-safetensors')
  })
})

describe('coordinates', () => {
  it('are 4 little-endian bytes each', () => {
    expect(Array.from(encodeCoordinates(Float32Array.of(1, -2)))).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })

  it('come back as they were, also from an odd place in a larger buffer', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 40, noNaN: true, noDefaultInfinity: true }), (coordinates) => {
        const shifted = Uint8Array.of(7, ...encodeCoordinates(coordinates)).subarray(1)
        expect(decodeCoordinates(shifted, coordinates.length)).toEqual({ ok: true, value: coordinates })
      }),
    )
  })

  it('are refused at every length but their own', () => {
    const bytes = encodeCoordinates(Float32Array.of(1, 2, 3))
    for (const length of [0, 1, 4, 8, 11]) {
      const decoded = decodeCoordinates(bytes.subarray(0, length), 3)
      expect(decoded.ok ? 'ok' : decoded.error.code).toBe('shape-mismatch')
    }
    const longer = decodeCoordinates(bytes, 2)
    expect(longer.ok ? 'ok' : longer.error.code).toBe('shape-mismatch')
  })

  it('and factors with a NaN or an infinity are refused, with the place', () => {
    const coordinates = decodeCoordinates(encodeCoordinates(Float32Array.of(1, Number.NaN)), 2)
    expect(coordinates.ok ? '' : `${coordinates.error.code}: ${coordinates.error.message}`).toBe(
      'not-finite: coordinates: number 1 is NaN',
    )
    const read = decodeFactors(encodeFactors({ 'q_proj.B': Float32Array.of(Number.POSITIVE_INFINITY) }))
    expect(read.ok ? '' : `${read.error.code}: ${read.error.message}`).toBe(
      'not-finite: q_proj.B: number 0 is Infinity',
    )
  })
})
