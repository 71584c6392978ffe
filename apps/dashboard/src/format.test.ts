import { describe, expect, it } from 'vitest'
import { ago, bytes, duration, measured, percent, plural, shortHash, signed, times } from './format.ts'

describe('numbers for people', () => {
  it('gives bytes three figures in powers of 1000', () => {
    const written = [0, 999, 1000, 9216, 12_345, 999_499, 1_048_576, 5e15].map(bytes)
    expect(written).toEqual(['0 B', '999 B', '1.00 kB', '9.22 kB', '12.3 kB', '999 kB', '1.05 MB', '5000 TB'])
  })

  it('gives measurements a fitting number of decimals', () => {
    expect([0.7421, 12.345, 1234.5, 0.00012, 0, null].map(measured)).toEqual([
      '0.742',
      '12.3',
      '1235',
      '1.20e-4',
      '0.000',
      '–',
    ])
    expect(percent(0.7841)).toBe('78.4 %')
    expect([1, 31.94, 512.4].map(times)).toEqual(['1.00×', '31.9×', '512×'])
  })

  it('gives changes their sign', () => {
    expect([signed('1.5', 1.5), signed('-1.5', -1.5), signed('0.0', 0)]).toEqual(['+1.5', '−1.5', '0.0'])
  })

  it('gives times their largest unit, and never a negative one', () => {
    expect([-5000, 59_000, 61_000, 7_300_000, 200_000_000].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '2 h',
      '2 d',
    ])
    expect([ago(1000, 2000), ago(0, 180_000), ago(9000, 0)]).toEqual(['now', '3 min ago', 'now'])
  })

  it('shortens hashes and counts nouns', () => {
    expect([shortHash('0123456789ab'), shortHash(null)]).toEqual(['01234567', '–'])
    expect([plural(1, 'worker'), plural(0, 'worker')]).toEqual(['1 worker', '0 workers'])
  })
})
