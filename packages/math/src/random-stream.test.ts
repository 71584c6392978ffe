import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { philox4x32 } from './philox.ts'
import { createRandomStream } from './random-stream.ts'
import { fnv1a32, type StreamKey, streamOrigin } from './stream-key.ts'

const key: StreamKey = { seed: 0x0123_4567_89ab_cdefn, purpose: 'ferret-basis', round: 3, client: 7, block: 2 }
const stream = () => createRandomStream(key)
const draw = <Value>(count: number, next: () => Value): Value[] => Array.from({ length: count }, next)

/** The mean of `count` draws must lie within 5 standard errors of `expected`; the stream is fixed, so it always does. */
function expectMean(values: readonly number[], expected: number, variance: number): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  expect(Math.abs(mean - expected)).toBeLessThan(5 * Math.sqrt(variance / values.length))
}

describe('golden values: changing one changes the protocol', () => {
  // origin and words were computed a second time by a program in arbitrary precision that shares no code with this one
  it('derive the origin of a stream from all parts of its key', () => {
    expect(fnv1a32('ferret-basis')).toBe(0x6e322df2)
    expect(streamOrigin(key)).toEqual({ key: [0xfae01618, 0x517dd5dc], tail: [0x4f0288cb, 0x4c79d198] })
  })

  it('are the first eight words of a stream', () => {
    const words = [0x0268f261, 0xd21b51f5, 0x7bd17d73, 0x77d741ee, 0x440157c5, 0xeb36a06d, 0x72125670, 0xd5734261]
    expect(draw(8, stream().uint32)).toEqual(words)
  })

  it('reach past 2^32 blocks, up to the last index', () => {
    expect(stream().at(2 ** 34 + 1)).toBe(0xfa82631f)
    expect(stream().at(Number.MAX_SAFE_INTEGER)).toBe(0x5c31f1dc)
  })

  it('map words to numbers', () => {
    expect(draw(3, stream().uniform)).toEqual([157938 / 2 ** 24, 13769553 / 2 ** 24, 8114557 / 2 ** 24]) // 0x0268f2 = 157938
    expect(draw(3, stream().symmetricUniform)).toEqual([-16461339 / 2 ** 24, 10761891 / 2 ** 24, -548101 / 2 ** 24])
    expect(draw(8, stream().rademacher)).toEqual([1, -1, 1, 1, 1, -1, 1, -1])
    expect(stream().bell()).toBe(-10825777 / 2 ** 24)
    const random = stream()
    expect(draw(6, () => random.below(10))).toEqual([5, 3, 7, 2, 3, 3]) // 0x0268f261 = 40432225
    expect(stream().shuffle([0, 1, 2, 3, 4, 5, 6, 7])).toEqual([3, 4, 6, 7, 2, 5, 0, 1])
    expect(stream().sample([0, 1, 2, 3, 4, 5, 6, 7], 3)).toEqual([1, 0, 7])
    const filled = new Float32Array(3)
    stream().fillUniform(filled, 0.1)
    expect(Array.from(new Uint32Array(filled.buffer))).toEqual([0xbdc8f1af, 0x3d835ee9, 0xbb561a1a])
  })
})

describe('streamOrigin', () => {
  it('is the documented Philox call', () => {
    const [k0, k1, t0, t1] = philox4x32([fnv1a32('ferret-basis'), 3, 7, 2], [0x89ab_cdef, 0x0123_4567])
    expect(streamOrigin(key)).toEqual({ key: [k0, k1], tail: [t0, t1] })
  })

  it('differs when any one part differs', () => {
    const parts = [{ seed: 1n }, { purpose: 'ferret-basis2' }, { round: 4 }, { client: 0 }, { block: 3 }]
    const origins = [key, ...parts.map((part) => ({ ...key, ...part }))].map((each) =>
      JSON.stringify(streamOrigin(each)),
    )
    expect(new Set(origins).size).toBe(6)
  })

  it('takes a number or a bigint for the same seed', () => {
    expect(streamOrigin({ ...key, seed: 2 ** 40 + 5 })).toEqual(streamOrigin({ ...key, seed: 2n ** 40n + 5n }))
  })

  it('hashes as the published FNV-1a vectors', () => {
    expect([fnv1a32('a'), fnv1a32('foobar')]).toEqual([0xe40c292c, 0xbf9cf968])
  })

  it('refuses parts outside their range', () => {
    const wrong: Partial<StreamKey>[] = [
      { seed: -1 },
      { seed: 2n ** 64n },
      { seed: 2 ** 53 },
      { seed: 0.5 },
      { purpose: '' },
      { purpose: 'é' },
      { round: -1 },
      { client: 2 ** 32 },
      { block: 1.5 },
    ]
    for (const part of wrong) {
      expect(() => streamOrigin({ ...key, ...part })).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
  })
})

describe('a random stream', () => {
  it('gives word i at index i in any order, without moving', () => {
    const random = stream()
    const words = draw(40, random.uint32)
    fc.assert(
      fc.property(fc.nat({ max: 39 }), (index) => {
        expect(random.at(index)).toBe(words[index])
        expect(random.position).toBe(40)
      }),
    )
  })

  it('continues from a position as if it had never stopped', () => {
    const random = stream()
    draw(13, random.uint32)
    const resumed = createRandomStream(key, random.position)
    expect(draw(9, resumed.uint32)).toEqual(draw(9, random.uint32))
  })

  it('fills an array with the float32 products of bound and symmetric uniforms', () => {
    const target = new Float32Array(101)
    const [filling, drawing] = [stream(), stream()]
    filling.uint32()
    drawing.uint32()
    filling.fillUniform(target, 0.3)
    const bound = Math.fround(0.3)
    expect(Array.from(target)).toEqual(draw(101, () => Math.fround(bound * drawing.symmetricUniform())))
    expect(filling.position).toBe(102)
  })

  it('draws float32 numbers in [0, 1) and, without 0, in (-1, 1)', () => {
    const random = stream()
    for (let i = 0; i < 2000; i++) {
      const [uniform, symmetric] = [random.uniform(), random.symmetricUniform()]
      expect(Math.fround(uniform)).toBe(uniform)
      expect(Math.fround(symmetric)).toBe(symmetric)
      expect(uniform >= 0 && uniform < 1 && Math.abs(symmetric) < 1 && symmetric !== 0).toBe(true)
    }
  })

  it('has the stated means and variances within 5 standard errors', () => {
    const count = 200_000
    const uniform = draw(count, stream().uniform)
    expectMean(uniform, 0.5, 1 / 12)
    const symmetric = draw(count, stream().symmetricUniform)
    expectMean(symmetric, 0, 1 / 3)
    expectMean(
      symmetric.map((x) => x * x),
      1 / 3,
      1 / 5 - 1 / 9,
    )
    expectMean(
      symmetric.slice(1).map((x, i) => x * symmetric[i]!),
      0,
      1 / 9,
    )
    expectMean(draw(count, stream().rademacher), 0, 1)
  })

  it('has a bell with variance 1 and fourth moment 2.9 within 5 standard errors', () => {
    const bell = draw(100_000, stream().bell)
    expectMean(bell, 0, 1)
    expectMean(
      bell.map((x) => x * x),
      1,
      1.9,
    )
    // the eighth moment of a normal distribution, 105, bounds that of the bell
    expectMean(
      bell.map((x) => x ** 4),
      2.9,
      105,
    )
  })

  it('draws integers below a bound evenly: chi-squared with 12 degrees of freedom below 40', () => {
    const random = stream()
    const counts = new Array<number>(13).fill(0)
    for (let i = 0; i < 130_000; i++) counts[random.below(13)]! += 1
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
    expect(chiSquared).toBeLessThan(40) // passed by chance alone in 0.007 % of all streams
  })

  it('skips the words past the last multiple of the bound', () => {
    // 2^32 mod (2^31 + 1) = 2^31 - 1, so words of 2^31 + 1 and more are skipped
    const random = stream()
    expect(random.below(2 ** 31 + 1)).toBe(0x0268f261)
    expect(random.below(2 ** 31 + 1)).toBe(0x7bd17d73) // after 0xd21b51f5
    expect(random.position).toBe(3)
    expect(stream().below(2 ** 32)).toBe(0x0268f261)
    expect(stream().below(1)).toBe(0)
  })

  it('shuffles into a new array and leaves the old one alone', () => {
    const items = Object.freeze(draw(50, () => 0).map((_, i) => i))
    const shuffled = stream().shuffle(items)
    expect(shuffled).not.toEqual(items)
    expect(shuffled.toSorted((x, y) => x - y)).toEqual(items)
  })

  it('reaches all six orders of three items evenly: each of 6,000 within 5 standard errors of 1,000', () => {
    const random = stream()
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (5 / 36)))
  })

  it('samples different items, all or none where asked', () => {
    const items = draw(20, () => 0).map((_, i) => i)
    for (const count of [0, 1, 7, 20]) expect(new Set(stream().sample(items, count)).size).toBe(count)
    expect(() => stream().sample(items, 21)).toThrow('sample count must be an integer in 0..20, got 21')
  })

  it('refuses bounds, indices and positions that make no sense', () => {
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => stream().below(bound)).toThrow('bound')
    for (const index of [-1, 0.5, 2 ** 53]) {
      expect(() => stream().at(index)).toThrow('index')
      expect(() => createRandomStream(key, index)).toThrow('position')
    }
  })
})
