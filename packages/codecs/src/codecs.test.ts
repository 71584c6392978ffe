import { createRandomStream, decodeBfloat16, fnv1a32 } from '@tessera/math'
import { describeCodec } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBitReader } from './bit-reader.ts'
import { createBitWriter } from './bit-writer.ts'
import { bestGolomb, golomb, readGolomb, writeGolomb } from './golomb.ts'
import { codecContext, codecs, float16, float32, int4, int8, randomK, sign, ternary, topK } from './index.ts'
import { largestEntries } from './largest-entries.ts'

for (const codec of codecs.plugins) describeCodec(codec)
describeCodec(ternary, { density: 0.5, scale: 'alpha-sigma', alpha: 8 })
describeCodec(topK, { density: 1 })
describeCodec(int8, { block: 8 })
describeCodec(int4, { block: 8 })
describeCodec(int8, { entropy: true })
describeCodec(int4, { entropy: true })
describeCodec(sign, { block: 8 })
describeCodec(randomK, { density: 0.4, unbiased: false })

const stream = (seed: number) => createRandomStream({ seed, purpose: 'test', round: 0, client: 0, block: 0 })
const context = () => ({ shared: stream(1), own: stream(2) })
const bell = (length: number, seed = 5) => {
  const random = stream(seed)
  return Float32Array.from({ length }, () => random.bell())
}

describe('float32 and float16', () => {
  it('write 4 and 2 little-endian bytes a coordinate', () => {
    const update = Float32Array.of(1, -2)
    expect(Array.from(float32.encode(update, {}, context()))).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    expect(Array.from(float16.encode(update, {}, context()))).toEqual([0, 0x3c, 0, 0xc0])
  })

  it('keeps 65504, the largest float16, and refuses 65520, which would round to infinity', () => {
    const bytes = float16.encode(Float32Array.of(65504), {}, context())
    expect(float16.decode(bytes, 1, {}, context())).toEqual({ ok: true, value: Float32Array.of(65504) })
    expect(() => float16.encode(Float32Array.of(0, 65520), {}, context())).toThrow(
      'coordinate 1 of the update is 65520, float16 ends at ±65504',
    )
  })

  it('refuses the bytes of a NaN and of an infinity, and says where', () => {
    const nan = float32.decode(Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f), 2, {}, context())
    expect(nan.ok ? '' : `${nan.error.code}: ${nan.error.message}`).toBe(
      'not-finite: coordinate 1 of the update is NaN',
    )
    const infinity = float16.decode(Uint8Array.of(0, 0x7c), 1, {}, context())
    expect(infinity.ok ? '' : infinity.error.code).toBe('not-finite')
  })
})

describe('ternary', () => {
  const config = ternary.config.parse({ density: 0.4 })

  it('keeps the two largest of five at their mean magnitude, worked by hand', () => {
    const update = Float32Array.of(0.5, -4, 1, 0, 2)
    const bytes = ternary.encode(update, config, context()) // -4 and 2: c = 3
    expect(unwrap(ternary.decode(bytes, 5, config, context()))).toEqual(Float32Array.of(0, -3, 0, 0, 3))
    // bfloat16 3 · two entries · m = 1: gap 1 is (1 0), sign 1; gap 2 is (1 1 0), sign 0; the first bit is the lowest
    expect(Array.from(bytes)).toEqual([0x40, 0x40, 2, 1, 0b0011101])
  })

  it('holds α σ below twice the mean magnitude, beyond which error feedback would diverge', () => {
    const update = bell(1000)
    const far = ternary.config.parse({ density: 0.1, scale: 'alpha-sigma', alpha: 100 })
    const scaleOf = (options: typeof far | typeof config) =>
      decodeBfloat16(
        new Uint16Array(ternary.encode(update, { ...options, density: 0.1 }, context()).slice(0, 2).buffer),
      )[0]!
    expect(scaleOf(far) / scaleOf(config)).toBeCloseTo(1.9, 1)
  })

  it.each([0.05, 0.1, 0.2, 0.3, 0.5])(
    'takes less than 1.02 of the entropy of its symbols, at density %d',
    (density) => {
      const length = 10_000
      const bytes = ternary.encode(bell(length), { ...config, density }, context())
      const entropy = -(1 - density) * Math.log2(1 - density) - density * Math.log2(density / 2)
      const bits = (bytes.length * 8) / length
      expect(bits).toBeGreaterThan(entropy * 0.99)
      expect(bits).toBeLessThan(entropy * 1.02)
    },
  )

  it('takes less than 0.58 bits a coordinate for 28 matrices of 32 × 32 at 10 %, without what carries it', () => {
    const length = 28 * 32 * 32
    const bytes = ternary.encode(bell(length), { ...config, density: 0.1 }, context())
    expect((bytes.length * 8) / length).toBeLessThan(0.58)
  })
})

describe('a floor', () => {
  it('is 4 bytes a coordinate as it is, and the entropy of −c, 0, c less what its fixed count tells', () => {
    expect(float32.floorBits(64, {})).toBe(8 * 256)
    const config = ternary.config.parse({ density: 0.1 })
    const entropy = -0.9 * Math.log2(0.9) - 0.1 * Math.log2(0.1 / 2)
    const length = 1_000_000
    // log₂ C(n, k) = n H(k/n) − ½ log₂(2π k (n − k) / n), and 16 bits for the scale
    const told = Math.log2((2 * Math.PI * 100_000 * 900_000) / length) / 2
    expect(ternary.floorBits(length, config)).toBeCloseTo(entropy * length - told + 16, 3)
    expect(ternary.floorBits(5, ternary.config.parse({ density: 0.4 }))).toBeCloseTo(Math.log2(10) + 2 + 16, 3)
  })
})

describe('random-k', () => {
  it('sends no index: both ends draw the mask from the seed and the round, and another round has another', () => {
    const update = bell(100)
    const config = randomK.config.parse({ density: 0.1, unbiased: false })
    const of = (round: number) => codecContext({ seed: 1, round })
    const bytes = randomK.encode(update, config, of(1))
    expect(bytes.length).toBe(40)
    const read = (round: number) => unwrap(randomK.decode(bytes, 100, config, of(round)))
    const kept = Array.from(read(1).entries()).filter(([, value]) => value !== 0)
    expect(kept).toHaveLength(10)
    for (const [at, value] of kept) expect(value).toBe(update[at])
    expect(read(2)).not.toEqual(read(1))
  })
})

describe('int8 and int4', () => {
  it('keep what lies on their grid: multiples of max / 127 and of max / 7', () => {
    const fine = Float32Array.of(127, -3, 64, 0)
    const coarse = Float32Array.of(7, -3, 6, 0)
    const [eight, four] = [int8.config.parse({}), int4.config.parse({})]
    expect(unwrap(int8.decode(int8.encode(fine, eight, context()), 4, eight, context()))).toEqual(fine)
    expect(unwrap(int4.decode(int4.encode(coarse, four, context()), 4, four, context()))).toEqual(coarse)
  })

  it('take 1.016 and 0.5625 bytes a coordinate', () => {
    expect(int8.encode(bell(2560), int8.config.parse({}), context()).length).toBe(2560 + 40)
    expect(int4.encode(bell(2560), int4.config.parse({}), context()).length).toBe(1280 + 160)
  })
})

describe('int8 and int4 with an entropy stage', () => {
  it.each([int8, int4])('give the same numbers as without it, for fewer bytes', (codec) => {
    const update = bell(10_000)
    const [plain, coded] = [codec.config.parse({}), codec.config.parse({ entropy: true })]
    const [packed, bytes] = [codec.encode(update, plain, context()), codec.encode(update, coded, context())]
    expect(unwrap(codec.decode(bytes, 10_000, coded, context()))).toEqual(
      unwrap(codec.decode(packed, 10_000, plain, context())),
    )
    expect(bytes.length).toBeLessThan(0.96 * packed.length)
  })

  it('takes a tenth of the bytes where one number in a hundred is not 0', () => {
    const update = Float32Array.from({ length: 25_600 }, (_, at) => (at % 100 === 0 ? 1 : 0))
    const coded = int8.config.parse({ entropy: true })
    expect(int8.encode(update, coded, context()).length).toBeLessThan(2560)
  })
})

describe('the bytes of every codec', () => {
  /** FNV-1a over the bytes of 257 numbers, with default options; a change here is a change of the protocol. */
  const GOLDEN = {
    bfloat16: 'c34537d7',
    float16: '25170b36',
    float32: 'a91473a5',
    int4: '881fcf49',
    int8: '78318cd0',
    'random-k': '609ee921',
    sign: 'd13ae868',
    ternary: '39731911',
    'top-k': '5dafc1e1',
  }

  it('are those that were released', () => {
    const hashes = codecs.plugins.map((codec) => {
      const bytes = codec.encode(bell(257), codec.config.parse({}) as never, context())
      return [codec.name, fnv1a32(Array.from(bytes).join(' ')).toString(16)]
    })
    expect(Object.fromEntries(hashes)).toEqual(GOLDEN)
  })
})

describe('the parts of the coders', () => {
  it('largest entries are those of a sort, ties by index, zeros never', () => {
    const values = fc.array(fc.constantFrom(0, -0, 1, -1, 2, 0.5, 1e-40, -3, 3, 1e30), { maxLength: 60 })
    const check = (list: number[], count: number) => {
      const array = Float32Array.from(list)
      const wanted = Math.min(count, array.length)
      const sorted = [...array.keys()]
        .filter((i) => array[i] !== 0)
        .sort((a, b) => Math.abs(array[b]!) - Math.abs(array[a]!) || a - b)
      expect(Array.from(largestEntries(array, wanted))).toEqual(sorted.slice(0, wanted).sort((a, b) => a - b))
    }
    fc.assert(fc.property(values, fc.nat(70), check), { numRuns: 1000 })
  })

  it('Golomb codes come back, of any length, with any parameter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5000), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 3000 }),
        (list, parameter) => {
          const [writer, code] = [createBitWriter(1), golomb(parameter)]
          for (const value of list) writeGolomb(writer, value, code)
          const reader = createBitReader(writer.bytes())
          expect(list.map(() => readGolomb(reader, code, 5000))).toEqual(list)
          expect(reader.ended()).toBe(true)
        },
      ),
    )
  })

  it('the best parameter of the gaps 3, 4, 3, 5 is 3: a one, a zero and one or two bits', () => {
    // m = 3: ones 1 1 1 1, remainders 0 (1 bit), 1 (2), 0 (1), 2 (2): 4 + 4 + 6 = 14; m = 2: 1 2 1 2, 4 zeros, 4 bits = 14
    // m = 4: 0 1 0 1, 4 zeros, 8 bits = 14; m = 5: 0 0 0 1, 4, 3 3 3 2 -> 16; m = 1: 15 + 4 = 19
    expect(bestGolomb(Int32Array.of(3, 4, 3, 5))).toBe(2) // of equals the first
  })
})

describe('codecs', () => {
  it('are selected by name, and an unknown one is answered with the known ones', () => {
    expect(codecs.selection.parse({ codec: 'float16' })).toEqual({ codec: 'float16' })
    const missing = codecs.byName('zip')
    expect(missing.ok ? '' : `${missing.error.code}: ${missing.error.fix}`).toBe(
      'unknown-codec: Use one of: bfloat16, float16, float32, int4, int8, random-k, sign, ternary, top-k.',
    )
  })
})
