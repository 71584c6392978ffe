import { type Codec, type CodecContext, type CodecProperty, codecContext } from '@tessera/codecs'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocatedBytes } from './allocated-bytes.ts'
import { describeDecoder } from './describe-decoder.ts'
import { testRandom } from './synthetic-matrix.ts'

/** Values that every codec must be able to write. */
const modest = fc.float32Array({ min: -1024, max: 1024, noNaN: true, minLength: 1, maxLength: 200 })
const NAMES = { nan: Number.NaN, infinity: Number.POSITIVE_INFINITY, minusInfinity: Number.NEGATIVE_INFINITY }
const EXAMPLE = Float32Array.of(1, -2, 0.5, 0, -0.25, 3, 0, 0, 1)

/** One codec with options, ready to be judged. */
interface Subject {
  readonly codec: Codec
  readonly config: never
  readonly encode: (update: Float32Array) => Uint8Array
  readonly decode: (bytes: Uint8Array, length: number) => ReturnType<Codec['decode']>
}

/**
 * The laws of an update codec: decoding gives the update back within the declared bound, what it declares about bias
 * and contraction holds, everything that is not an encoded update is refused with a code, and neither direction has a
 * side effect.
 *
 * @param options The codec's options under test; its defaults where it has them.
 */
export function describeCodec(codec: Codec, options: Record<string, unknown> = {}): void {
  const config = codec.config.parse(options) as never
  const subject: Subject = {
    codec,
    config,
    encode: (update) => codec.encode(update, config, contextOf(0)),
    decode: (bytes, length) => codec.decode(bytes, length, config, contextOf(0)),
  }
  describe(`codec ${codec.name} ${JSON.stringify(options)}`, () => {
    describeRoundTrip(subject)
    describeProperties(subject)
    describeRefusals(subject)
    describeMutations(subject)
  })
}

const reached = (subject: Subject, update: Float32Array) =>
  unwrap(subject.decode(subject.encode(update), update.length))

function describeRoundTrip(subject: Subject): void {
  const { codec, config, encode, decode } = subject

  it('gives the update back within its declared bound', () => {
    const check = (update: Float32Array) => {
      const decoded = reached(subject, update)
      const allowed = codec.errorBound(
        update.reduce((max, value) => Math.max(max, Math.abs(value)), 0),
        config,
      )
      expect(decoded.length).toBe(update.length)
      update.forEach((value, i) => {
        expect(Math.abs(decoded[i]! - value)).toBeLessThanOrEqual(allowed)
      })
    }
    fc.assert(fc.property(modest, check))
  })

  it('is deterministic and leaves its inputs as they were', () => {
    const check = (update: Float32Array) => {
      const before = update.slice()
      const bytes = encode(update)
      expect(encode(update)).toEqual(bytes)
      expect(update).toEqual(before)
      const sent = bytes.slice()
      decode(sent, update.length)
      expect(sent).toEqual(bytes)
    }
    fc.assert(fc.property(modest, check))
  })

  it('gives zeros back as zeros', () => {
    for (const length of [0, 1, 300])
      expect(reached(subject, new Float32Array(length))).toEqual(new Float32Array(length))
  })

  it('decodes bytes at an odd place in a larger buffer', () => {
    const bytes = encode(EXAMPLE)
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    expect(decode(shifted.subarray(1), EXAMPLE.length)).toEqual(decode(bytes, EXAMPLE.length))
  })

  it('takes no less than its floor on the mean of eight updates from a bell, and the floor is worth naming', () => {
    const random = testRandom(29)
    const draws = Array.from({ length: 8 }, () => Float32Array.from({ length: 1000 }, () => random.bell()))
    const bits = draws.reduce((sum, update) => sum + 8 * encode(update).length, 0) / draws.length
    const floor = codec.floorBits(1000, config)
    expect(floor).toBeLessThanOrEqual(bits)
    expect(floor).toBeGreaterThan(0)
  })

  it('keeps the name that people type', () => {
    expect(codec.name).toMatch(/^[a-z][a-z0-9-]*$/)
  })
}

const DRAWS = 4000

const LAWS: { readonly [Property in CodecProperty]: (subject: Subject) => void } = {
  idempotent(subject) {
    it('writes what it decoded as the same bytes again', () => {
      fc.assert(
        fc.property(modest, (update) => {
          expect(subject.encode(reached(subject, update))).toEqual(subject.encode(update))
        }),
      )
    })
  },
  unbiased({ codec, config }) {
    it('gives the update back on average, within five standard errors', () => {
      const update = Float32Array.from({ length: 20 }, (_, i) => (i - 9.7) / 3)
      const sums = new Float64Array(update.length)
      const squares = new Float64Array(update.length)
      for (let draw = 0; draw < DRAWS; draw++) {
        const context = contextOf(draw)
        const decoded = unwrap(
          codec.decode(codec.encode(update, config, context), update.length, config, contextOf(draw)),
        )
        decoded.forEach((value, i) => {
          sums[i] = sums[i]! + value
          squares[i] = squares[i]! + value * value
        })
      }
      update.forEach((value, i) => {
        const mean = sums[i]! / DRAWS
        const error = Math.sqrt(Math.max(0, squares[i]! / DRAWS - mean * mean) / DRAWS)
        expect(Math.abs(mean - value)).toBeLessThanOrEqual(5 * error + 1e-4)
      })
    })
  },
  contractive(subject) {
    it('comes nearer to every update than zero is, so that error feedback converges', () => {
      const check = (update: Float32Array) => {
        const norm = update.reduce((sum, value) => sum + value * value, 0)
        fc.pre(norm > 1e-6)
        const decoded = reached(subject, update)
        const left = update.reduce((sum, value, i) => sum + (value - decoded[i]!) ** 2, 0)
        expect(left).toBeLessThan(norm)
      }
      fc.assert(fc.property(modest, check))
    })
  },
  'error-feedback'(subject) {
    it('leaves out of an update no more than the update, so that nothing piles up that was never there', () => {
      fc.assert(
        fc.property(modest, (update) => {
          const decoded = reached(subject, update)
          const left = update.map((value, i) => value - decoded[i]!)
          expect(squared(left)).toBeLessThanOrEqual(squared(update) * (1 + 1e-6))
        }),
      )
    })
  },
}

const squared = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)

function describeProperties(subject: Subject): void {
  for (const property of subject.codec.properties(subject.config)) LAWS[property](subject)
}

const contextOf = (draw: number): CodecContext => codecContext({ seed: 11, round: draw, client: 7 })

function describeRefusals({ encode }: Subject): void {
  for (const [name, value] of Object.entries(NAMES)) {
    it(`refuses to encode ${name}`, () => {
      expect(() => encode(Float32Array.of(1, value))).toThrow(expect.objectContaining({ code: 'not-finite' }))
    })
  }
}

/** Update lengths, shorter and longer than a byte of bits or a block, and of several blocks. */
const SAMPLE_LENGTHS = [EXAMPLE.length, 1, 40, 600]

function describeMutations({ codec, config, encode, decode }: Subject): void {
  for (const length of SAMPLE_LENGTHS) {
    const update = Float32Array.from({ length }, (_, at) => EXAMPLE[at % EXAMPLE.length]!)
    describeDecoder(`${codec.name}, ${length} coordinates`, {
      samples: [encode(update), encode(new Float32Array(length))],
      decode: (bytes) => codec.decode(bytes, length, config, contextOf(0)),
      refusals: ['corrupt-update', 'not-finite'],
      allowedBytes: (size) => 16 * length + 2 * size + 8192,
      check(decoded) {
        if (decoded.length !== length) throw new Error(`${decoded.length} coordinates`)
        if (!decoded.every(Number.isFinite)) throw new Error('a number is not finite')
      },
      share: 1 / SAMPLE_LENGTHS.length,
    })
  }

  it('takes no more memory for a payload that claims more coordinates than there are', () => {
    const claims = [
      Uint8Array.of(...LARGEST_VARINT, 1),
      Uint8Array.of(0x80, 0x3f, ...LARGEST_VARINT, 1),
      encode(EXAMPLE),
    ]
    for (const bytes of claims) {
      for (const length of [0, 3, 100_000]) {
        const taken = allocatedBytes(() => void decode(bytes, length))
        expect(taken).toBeLessThanOrEqual(16 * length + 2 * bytes.length + 8192)
      }
    }
  })
}

/** 2^53 − 1, as counts are written. */
const LARGEST_VARINT = [255, 255, 255, 255, 255, 255, 255, 15]
