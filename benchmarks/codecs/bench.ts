/**
 * Encode and decode-and-accumulate of every codec over one update, against memcpy of it in the same run.
 *
 *     npm run bench:codecs -- [--json] [--save]
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { codecContext, codecs } from '@tessera/codecs'
import { createRandomStream } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'

const COORDINATES = 2 ** 20
const MEGABYTES = (COORDINATES * Float32Array.BYTES_PER_ELEMENT) / 1e6
const LEAST_ROUNDS = 20
const LEAST_MS = 1000
const DEVIATION = 0.01

/** Rows beside the defaults: where another choice costs or saves most. */
const VARIANTS: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  int8: [{ entropy: true }],
  int4: [{ entropy: true }],
  ternary: [{ density: 0.05 }, { density: 0.5 }],
}

/** MB/s count the float32 numbers that go in or come out, not the bytes that travel. */
interface CodecRow {
  readonly codec: string
  readonly options: Readonly<Record<string, unknown>>
  readonly encodeMBps: number
  /** Decoded and added to a running sum. */
  readonly decodeMBps: number
  /** Of memcpy's rate. */
  readonly encodeShare: number
  readonly decodeShare: number
  readonly bytesPerCoordinate: number
  /** The fewest that this form can take; with an entropy stage, the empirical entropy of the integers and their steps. */
  readonly floorPerCoordinate: number
}

const update = bell(COORDINATES)
const sum = new Float32Array(COORDINATES)

function bell(length: number): Float32Array {
  const random = createRandomStream({ seed: 1, purpose: 'bench-codecs', round: 0, client: 0, block: 0 })
  return Float32Array.from({ length }, () => DEVIATION * random.bell())
}

function addInto(target: Float32Array, values: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + values[i]!
}

/**
 * The best of all rounds, by the time that this process ran, its threads for garbage and compiling included: on a quiet
 * machine that is the time it takes, and on a busy one what others do hardly counts.
 */
function bestMBps(work: () => void): number {
  const begun = performance.now()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < LEAST_ROUNDS || performance.now() - begun < LEAST_MS; round++) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, user + system)
  }
  return (MEGABYTES * 1e6) / best
}

const memcpyMBps = (): number => bestMBps(() => sum.set(update))

function measure(name: string, options: Readonly<Record<string, unknown>>): CodecRow {
  const codec = unwrap(codecs.byName(name))
  const config = codec.config.parse(options) as never
  const context = () => codecContext({ seed: 7, round: 1, client: 1 })
  const bytes = codec.encode(update, config, context())
  const copy = memcpyMBps()
  const encode = bestMBps(() => codec.encode(update, config, context()))
  const decode = bestMBps(() => addInto(sum, unwrap(codec.decode(bytes, COORDINATES, config, context()))))
  return {
    codec: name,
    options,
    encodeMBps: rounded(encode),
    decodeMBps: rounded(decode),
    encodeShare: rounded(encode / copy),
    decodeShare: rounded(decode / copy),
    bytesPerCoordinate: rounded(bytes.length / COORDINATES),
    floorPerCoordinate: rounded((codec.floorBits(COORDINATES, config) + codedBits(name, options)) / 8 / COORDINATES),
  }
}

/** −Σ log₂ p of the integers that an entropy stage is given: the packed ones of the same codec, behind their steps. */
function codedBits(name: string, options: Readonly<Record<string, unknown>>): number {
  if (options.entropy !== true) return 0
  const codec = unwrap(codecs.byName(name))
  const [plain, coded] = [false, true].map((entropy) => codec.config.parse({ ...options, entropy }) as never)
  const packed = codec.encode(update, plain!, codecContext({ seed: 7, round: 1, client: 1 }))
  const integers = packed.subarray(codec.floorBits(COORDINATES, coded!) / 8)
  const width = (8 * integers.length) / COORDINATES
  const counts = new Float64Array(2 ** width)
  for (const byte of integers)
    for (let shift = 0; shift < 8; shift += width) {
      const symbol = (byte >>> shift) % counts.length
      counts[symbol] = counts[symbol]! + 1
    }
  return counts.reduce((bits, count) => (count === 0 ? bits : bits - count * Math.log2(count / COORDINATES)), 0)
}

const rounded = (value: number): number => Number(value.toPrecision(4))

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  threads: 1,
  node: process.version,
  os: process.platform,
  load: rounded(loadavg()[0]!),
}
const rows = codecs.names.flatMap((name) => [{}, ...(VARIANTS[name] ?? [])].map((options) => measure(name, options)))
const result = { coordinates: COORDINATES, memcpyMBps: rounded(memcpyMBps()), rows }

if (process.argv.includes('--save')) {
  const text = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeFileSync(new URL('results.json', import.meta.url), text)
}
if (process.argv.includes('--json')) for (const row of rows) console.log(JSON.stringify(row))
else {
  console.log(`${COORDINATES} float32 numbers, one core; memcpy ${result.memcpyMBps} MB/s; MB/s of float32:`)
  console.table(
    rows.map(({ codec, options, ...numbers }) => ({ codec: [codec, ...textsOf(options)].join(' '), ...numbers })),
  )
}

function textsOf(options: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(options).map(([name, value]) => `${name}=${value}`)
}
