import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import type { BasisDistribution } from '@tessera/math'
import { openGpu } from './gpu.ts'
import { createThreadPool } from './thread-pool.ts'
import {
  BLOCK_LENGTH,
  BLOCKS,
  createMemory,
  type Operation,
  resetInto,
  runBlock,
  runBlockPlainly,
  type Task,
  VECTORS,
} from './workload.ts'

const ENTRIES = BLOCKS * BLOCK_LENGTH * VECTORS
const DISTRIBUTIONS: readonly BasisDistribution[] = ['uniform', 'rademacher', 'bell']
const WANTED_SECONDS = 3
const ROUNDS = Number(process.env.ROUNDS ?? 3)
/** Of the plain loop only so many blocks are run, and the time is scaled: all of them take half a minute. */
const PLAIN_BLOCKS = 2
const THREADS = Number(process.env.THREADS ?? availableParallelism())

/** Best times for all 64 blocks. */
interface Times {
  readonly seconds: number
  /** Of all cores together: what other load on the machine does not lengthen. */
  readonly processorSeconds: number
}

interface Row {
  readonly distribution: BasisDistribution
  readonly operation: Operation
  /** The plain loop on one thread, scaled. */
  readonly plain: Times
  readonly simd: Times
  /** SIMD on all threads. */
  readonly threads: Times
  /** Entries generated and multiplied in a second, with SIMD on one thread. */
  readonly entriesPerSecond: number
  /** How many times as fast as the plain loop one thread is, and as one thread all threads are. */
  readonly simdRatio: number
  readonly threadsRatio: number
}

const memory = createMemory()
const pool = createThreadPool(THREADS)

async function timed(work: () => void | Promise<void>): Promise<Times> {
  resetInto(memory)
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - start) / 1000, processorSeconds: (user + system) / 1e6 }
}

const NEVER: Times = { seconds: Number.POSITIVE_INFINITY, processorSeconds: Number.POSITIVE_INFINITY }

/** The better of each, the new ones scaled. */
const better = (best: Times, { seconds, processorSeconds }: Times, scale = 1): Times => ({
  seconds: Math.min(best.seconds, seconds * scale),
  processorSeconds: Math.min(best.processorSeconds, processorSeconds * scale),
})

/** What the last work left in the first `blocks` blocks. */
function fingerprint(blocks: number): string {
  const hash = createHash('sha256')
  hash.update(new Uint8Array(memory.parameters).subarray(0, 4 * blocks * BLOCK_LENGTH))
  return hash.update(new Uint8Array(memory.coordinates).subarray(0, 4 * blocks * VECTORS)).digest('hex')
}

function expectSame(what: string, one: string, other: string): void {
  if (one !== other) throw new Error(`${what}: the bytes differ`)
}

/** The first `count` blocks, one after the other. */
const all = (count: number, run: typeof runBlock, task: Task) => () => {
  for (let block = 0; block < count; block++) run(task, block)
}

/** The best time of each way, measured in turns, so that what else the machine does meets all. */
async function measure(distribution: BasisDistribution, operation: Operation): Promise<Row> {
  const task: Task = { ...memory, distribution, operation }
  let [plain, simd, threads] = [NEVER, NEVER, NEVER]
  for (let round = 0; round < ROUNDS; round++) {
    plain = better(plain, await timed(all(PLAIN_BLOCKS, runBlockPlainly, task)), BLOCKS / PLAIN_BLOCKS)
    const plainly = fingerprint(PLAIN_BLOCKS)
    simd = better(simd, await timed(all(BLOCKS, runBlock, task)))
    expectSame(`${operation} ${distribution}, plain and SIMD`, fingerprint(PLAIN_BLOCKS), plainly)
    const alone = fingerprint(BLOCKS)
    threads = better(threads, await timed(() => pool.run(task)))
    expectSame(`${operation} ${distribution}, one and ${THREADS} threads`, fingerprint(BLOCKS), alone)
  }
  return {
    distribution,
    operation,
    plain: roundedTimes(plain),
    simd: roundedTimes(simd),
    threads: roundedTimes(threads),
    entriesPerSecond: rounded(ENTRIES / simd.seconds),
    simdRatio: rounded(plain.seconds / simd.seconds),
    threadsRatio: rounded(simd.seconds / threads.seconds),
  }
}

/** Best times of the combinations on a GPU, with the bytes of one thread; or why there are none. */
async function measureGpu() {
  const gpu = await openGpu()
  if (typeof gpu === 'string') return { missing: gpu }
  const times: [distribution: BasisDistribution, seconds: number][] = []
  for (const distribution of DISTRIBUTIONS) {
    const task: Task = { ...memory, distribution, operation: 'combine' }
    await timed(all(BLOCKS, runBlock, task))
    const expected = fingerprint(BLOCKS)
    let best = NEVER
    for (let round = 0; round < ROUNDS; round++) {
      best = better(best, await timed(() => gpu.combine(memory, distribution)))
      expectSame(`combine ${distribution}, processor and GPU`, fingerprint(BLOCKS), expected)
    }
    times.push([distribution, rounded(best.seconds)])
  }
  gpu.close()
  return { adapter: gpu.description, combineSeconds: Object.fromEntries(times) }
}

const rounded = (value: number): number => Number(value.toPrecision(3))

const roundedTimes = ({ seconds, processorSeconds }: Times): Times => ({
  seconds: rounded(seconds),
  processorSeconds: rounded(processorSeconds),
})

const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  threads: THREADS,
  node: process.version,
  os: process.platform,
})

const rows: Row[] = []
for (const distribution of DISTRIBUTIONS) {
  for (const operation of ['combine', 'project'] as const) rows.push(await measure(distribution, operation))
}
await pool.close()
const results = { machine: machine(), wantedSeconds: WANTED_SECONDS, rows, gpu: await measureGpu() }

if (process.argv.includes('--save')) {
  const file = new URL('results.json', import.meta.url)
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(results))
} else {
  console.log(`10 million parameters, 4096 coordinates over ${BLOCKS} blocks: ${ENTRIES / 1e6} million entries.`)
  const said = ({ seconds, processorSeconds }: Times): string => `${seconds} s (${processorSeconds} s of processor)`
  for (const { distribution, operation, plain, simd, threads, ...row } of rows) {
    console.log(`  ${operation} ${distribution}`)
    console.log(`    plain loop, scaled: ${said(plain)}`)
    console.log(
      `    SIMD on one core: ${said(simd)}, ${row.entriesPerSecond / 1e6} million entries/s, ${row.simdRatio} times`,
    )
    console.log(`    ${THREADS} threads: ${said(threads)}, ${row.threadsRatio} times one`)
  }
  console.log(`  GPU: ${JSON.stringify(results.gpu)}`)
  console.log(`  Wanted: at most ${WANTED_SECONDS} s to combine uniform vectors on one core.`)
}
