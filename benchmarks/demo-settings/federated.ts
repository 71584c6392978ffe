/**
 * Which rounds, steps and rate does the demo take? Runs the demo's own federation in one process, through the engine
 * that serves sockets, for every plan and rate, and beside each the same number of steps in one place on all rows.
 *
 *     npx tsx benchmarks/demo-settings/federated.ts --plans 10x30,20x15 --rates 0.004,0.008
 *
 * Settings are compared on a part of the training rows that is held out here (every tenth source package), so that the
 * test rows stay unseen until the demo measures on them.
 */
import { createHash } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { openExecutor } from '@tessera/compiler'
import { loadBaseModel } from '@tessera/models'
import { type RunSpec, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { aloneSpec } from '../../apps/cli/src/demo/baselines.ts'
import { DEMO_CLIENTS, demoSpec } from '../../apps/cli/src/demo/demo-spec.ts'

const { values: flags } = parseArgs({
  options: {
    plans: { type: 'string', default: '10x30' },
    rates: { type: 'string', default: '0.008' },
    clients: { type: 'string', default: String(DEMO_CLIENTS) },
    rows: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})

const root = new URL('../../', import.meta.url)
const hashed = (text: string, parts: number): number =>
  createHash('sha256').update(text).digest().readUInt32BE(0) % parts
const fieldOf = (line: string, field: string): string => (JSON.parse(line) as Record<string, string>)[field]

const rows = (await readFile(new URL('datasets/debian-sections/train.jsonl', root), 'utf8')).trim().split('\n')
const isHeldOut = (line: string): boolean => hashed(fieldOf(line, 'source'), 10) === 0
const held = rows.filter(isHeldOut)
const kept = rows.filter((line) => !isHeldOut(line))
const { executor } = await openExecutor('onnx-cpu')
const model = unwrap(
  await loadBaseModel(async (file) =>
    readFile(new URL(`models/tiny-debian-llama/${file}`, root)).catch(() => undefined),
  ),
)

const heldOut = { file: 'held-out', rows: Number(flags.rows) }

interface Plan {
  readonly rounds: number
  readonly steps: number
  readonly rate: number
}

/** The demo's run with a plan of its own, measured on the held-out rows in the end. */
function specOf({ rounds, steps, rate }: Plan): RunSpec {
  const demo = demoSpec(Number(flags.seed))
  const size = Number(flags.clients)
  return {
    ...demo,
    train: { ...demo.train, localSteps: steps, optimizer: { ...demo.train.optimizer, learningRate: rate } },
    rounds: { ...demo.rounds, total: rounds, cohort: { ...demo.rounds.cohort, size, quorum: size } },
    evaluation: { ...heldOut, every: rounds },
  }
}

/** Accuracy on the held-out rows when the run is through. */
async function accuracyOf(spec: RunSpec): Promise<number> {
  const { size } = spec.rounds.cohort
  const split = Array.from({ length: size }, (_, at) =>
    kept.filter((line) => hashed(fieldOf(line, 'client'), size) === at).join('\n'),
  )
  let accuracy = Number.NaN
  await simulate({
    spec,
    model,
    executor,
    clients: Object.fromEntries(split.map((jsonl, at) => [`client-${at + 1}`, jsonl])),
    files: { 'held-out': held.join('\n') },
    clock: { now: Date.now, wakeAt: () => () => {} },
    log: { info() {}, warn: console.warn, error: console.error },
    onMetrics: (metrics) => {
      for (const { name, value } of metrics) if (name === 'eval-accuracy') accuracy = value
    },
  })
  return accuracy
}

for (const plan of flags.plans.split(',')) {
  const [rounds, steps] = plan.split('x').map(Number)
  for (const rate of flags.rates.split(',').map(Number)) {
    const begun = performance.now()
    const spec = specOf({ rounds, steps, rate })
    const federated = await accuracyOf(spec)
    const seconds = Math.round((performance.now() - begun) / 1000)
    const central = await accuracyOf({ ...aloneSpec(spec), evaluation: { ...heldOut, every: 1 } })
    const result = { rounds, steps, rate, federated, central, seconds }
    console.log(JSON.stringify(result))
    if (flags.write) await keep(result)
  }
}
await executor.dispose()

/** A line at once, so that a sweep that is stopped keeps what it measured. */
async function keep(result: object): Promise<void> {
  const { plans: _plans, rates: _rates, write: _write, ...shared } = flags
  const { codec } = demoSpec(Number(flags.seed))
  const line = { ...result, ...shared, codec, heldOutRows: held.length, trainRows: kept.length }
  await appendFile(new URL('benchmarks/demo-settings/results.jsonl', root), `${JSON.stringify(line)}\n`)
}
