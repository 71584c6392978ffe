/** A process of its own, `node --expose-gc`: what the coordinator's core holds while it takes in 1,000 updates of 1 MB. */
import { createHash, randomFillSync } from 'node:crypto'
import { factorKey } from '@tessera/adapters'
import {
  type Assignment,
  Engine,
  federationSpec,
  initialState,
  type RunRecord,
  type StoredUpdate,
  transition,
} from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import { blobHash, type ClientId, clientId, FedError, ok, runId, unwrap } from '@tessera/vocabulary'
import { IntakeGate } from '../../apps/coordinator/src/socket/intake-gate.ts'
import { openDatabase } from '../../apps/coordinator/src/store/database.ts'
import { systemClock } from '../../apps/coordinator/src/system-clock.ts'

const CLIENTS = 1000
const SITE = { name: 'square', outDim: 512, inDim: 512 }
const COORDINATES = SITE.outDim * SITE.inDim
/** As the coordinator takes updates in: two at once. */
const LANES = 2
const MEASURED_AFTER = [10, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]

const [, , dataFolder = ''] = process.argv
const record: RunRecord = {
  runId: runId('memory'),
  spec: federationSpec.parse({
    adapter: { method: 'full' },
    initialisation: { name: 'none' },
    rounds: { total: 1, cohort: { size: CLIENTS, quorum: CLIENTS }, deadline: { softMs: 600_000, hardMs: 600_000 } },
    persist: { updates: 'keep-hashes' },
  }) as RunRecord['spec'],
  sites: [SITE],
  model: [{ path: 'model.safetensors', hash: hashBytes(Uint8Array.of(1)), size: 1 }],
  updateBound: 1,
  createdAt: Date.now(),
}

const fail = (error: unknown): never => {
  console.error(error)
  process.exit(1)
}
const silent = { info() {}, warn() {}, error: (message: string, data?: unknown) => fail([message, data]) }
const database = await openDatabase({ dataFolder }, { log: silent, lost: fail })
const assigned: ClientId[] = []
let [begin, finish] = [() => {}, () => {}]
const begun = new Promise<void>((resolve) => {
  begin = resolve
})
const finished = new Promise<void>((resolve) => {
  finish = resolve
})
const engine = new Engine({
  clock: systemClock,
  log: silent,
  store: database.store,
  transport: { assign: (client) => assigned.push(client) === CLIENTS && begin(), cancel() {} },
  observer: { changed: (_record, { phase }) => phase === 'finished' && finish(), measured() {} },
  workbench: {
    makeFactors: async () => ({ factors: { [factorKey(SITE.name, 'D')]: new Float32Array(COORDINATES) } }),
    evaluate: async () => [],
  },
})

/** Multiples of 2^-16 in [-1/2, 1/2): nobody could have them but who drew them. */
function drawnUpdate(client: ClientId): StoredUpdate {
  const steps = randomFillSync(new Int16Array(COORDINATES))
  const values = new Float32Array(COORDINATES)
  for (let at = 0; at < COORDINATES; at++) values[at] = steps[at]! / 65536
  const bytes = new Uint8Array(values.buffer)
  const hash = blobHash(createHash('sha256').update(bytes).digest('hex'))
  const { id } = assignments.get(client) as Assignment
  return { assignmentId: id, clientId: client, weight: 1, codec: 'float32', length: COORDINATES, hash, bytes }
}

async function residentMegabytes(): Promise<number> {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20)) // what was freed is given back
  }
  return process.memoryUsage().rss / 2 ** 20
}

if (globalThis.gc === undefined) throw new FedError('internal', 'start it with --expose-gc')
const began = performance.now()
const names = Array.from({ length: CLIENTS }, (_, at) => clientId(`client-${at}`))
const all = names.reduce((state, name) => {
  const joins = { type: 'client-joined', clientId: name, examples: 1, at: record.createdAt } as const
  return unwrap(transition(record, state, joins)).state
}, initialState(record))
await database.store.createRun(record, all)
await engine.restore()
await begun
const { stage } = engine.run(record.runId)!.state
const assignments = new Map(stage!.assignments.map((own) => [own.clientId, own]))
const joined = performance.now()
const gate = new IntakeGate({ atOnce: LANES, waitingBytes: 2 ** 26 })
const levels: number[] = []
let taken = 0
for (const until of MEASURED_AFTER) {
  const lane = async (): Promise<void> => {
    while (taken < until) {
      const client = assigned[taken++]!
      const passed = await gate.pass(record.runId, 0, async () =>
        ok(unwrap(await engine.receive(record.runId, drawnUpdate(client), { 'train-loss': 1 }))),
      )
      if (unwrap(passed).duplicate) throw new FedError('internal', `${client} was counted before`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  if (until === CLIENTS) await finished
  levels.push(await residentMegabytes())
}
const seconds = [(joined - began) / 1000, (performance.now() - joined) / 1000]
await engine.close()
await database.close()
process.stdout.write(`${JSON.stringify({ levels, seconds })}\n`)
