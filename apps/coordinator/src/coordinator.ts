import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Engine, type Log, type Observer } from '@tessera/federation'
import { MAX_HEADER_BYTES, MAX_INLINE_BYTES } from '@tessera/protocol'
import { createWorkbench, type RunSpec } from '@tessera/runs'
import { asFedError, FedError, type RunId } from '@tessera/vocabulary'
import { accessToken } from './access-token.ts'
import { adapterNaming, type NameAdapter } from './adapter-naming.ts'
import { modelOrStored } from './blob-sources.ts'
import { sayingWhenFull } from './full-database.ts'
import { createHousekeeping, type Housekeeping } from './housekeeping.ts'
import { createHttpServer } from './http/http-server.ts'
import { attachLiveFeed } from './http/live-feed.ts'
import { ByteLedger } from './ledger/byte-ledger.ts'
import { upToDate } from './ledger/up-to-date.ts'
import { lifetimeOf } from './lifetime.ts'
import { LiveBroadcaster } from './live-broadcaster.ts'
import { withLiveProgress } from './live-queries.ts'
import { ModelShelf } from './model-shelf.ts'
import { ownExecutor } from './own-executor.ts'
import { createLog } from './pino-log.ts'
import { createRunDesk, readDataFile } from './run-desk.ts'
import { hasEnded } from './run-ended.ts'
import { serviceHealth } from './service-health.ts'
import { IntakeGate } from './socket/intake-gate.ts'
import { openSockets } from './socket/open-sockets.ts'
import { WorkerGateway } from './socket/worker-gateway.ts'
import { WorkerRoster } from './socket/worker-roster.ts'
import { type Database, openDatabase } from './store/database.ts'
import { systemClock } from './system-clock.ts'

export interface CoordinatorOptions {
  readonly port: number
  readonly host: string
  readonly dataFolder: string
  /** A PostgreSQL server; absent for the embedded one in the data folder. */
  readonly databaseUrl?: string | undefined
  readonly token?: string | undefined
  /** Runs pause while less than this is free on the disk of the embedded database; 256 MiB when absent. */
  readonly diskReserveBytes?: number | undefined
  /** Measures what is free on that disk; a test's own. */
  readonly measureDisk?: (folder: string) => Promise<number>
  readonly logLevel: string
  /** Where evaluation and calibration are computed. */
  readonly device?: string
  readonly threads?: number
}

export interface Coordinator {
  readonly url: string
  readonly token: string
  stop(): Promise<void>
  /** Resolves when it was stopped; rejects when it stopped by itself: 'superseded', 'database-failed'. */
  readonly ended: Promise<void>
}

const VERSION = '0.1.0'
/** A model of a relative path is looked for where the coordinator was started, then where Tessera is. */
const MODEL_PLACES = ['.', fileURLToPath(new URL('../../..', import.meta.url))]
const DASHBOARD = fileURLToPath(new URL('../../dashboard/dist/page', import.meta.url))
/** A frame is a header, a body and 32 bytes around them. */
const LARGEST_FRAME_BYTES = MAX_HEADER_BYTES + MAX_INLINE_BYTES + 32
/** One update of a run is folded while the next one is read; 64 MiB of updates may wait. */
const INTAKE = { atOnce: 2, waitingBytes: 2 ** 26 }

/**
 * Start everything, in the order in which one part needs the other; what was started is stopped again when a later part
 * fails. Runs go on where the database has them.
 *
 * @throws {FedError} `port-in-use`, `database-unreachable` and the other errors of `openDatabase`.
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { dataFolder, databaseUrl } = options
  const log = createLog({ level: options.logLevel, file: join(dataFolder, 'coordinator.log') })
  let lose: (error: FedError) => void = () => undefined
  const lost = new Promise<FedError>((resolve) => {
    lose = resolve
  })
  const place = databaseUrl === undefined ? { dataFolder } : { url: databaseUrl }
  const database = await openDatabase(place, { log, lost: lose })
  try {
    const token = await accessToken(dataFolder, options.token) // not before: another coordinator may have the folder
    const { diskReserveBytes: reserveBytes, measureDisk: measure } = options
    const housekeeping = createHousekeeping(database, { reserveBytes, measure, log })
    const { url, close } = await serve({ ...options, token, database, housekeeping, log })
    return { url, token, ...lifetimeOf(() => stopAll(close, { database, log }), lost) }
  } catch (error) {
    await database.close()
    throw error
  }
}

type Foundation = CoordinatorOptions & {
  readonly token: string
  readonly database: Database
  readonly housekeeping: Housekeeping
  readonly log: Log
}

async function serve(foundation: Foundation): Promise<{ url: string; close: () => Promise<void> }> {
  const { database, housekeeping, log, token } = foundation
  const { store } = database
  const shelf = new ModelShelf(MODEL_PLACES)
  const gateway = new WorkerGateway()
  const failed = (error: unknown): void => log.error(asFedError(error).message, { error })
  const roster = new WorkerRoster((worker) => live({ type: 'worker', worker }))
  const ledger = new ByteLedger(database.gateway.writeLedger, failed)
  const queries = sayingWhenFull(withLiveProgress(upToDate(database.queries, ledger), roster), database.isFull)
  const broadcaster = new LiveBroadcaster(queries, (message) => live(message), failed)
  const compute = ownExecutor(foundation)
  const workbench = createWorkbench({
    executor: compute.executor,
    model: ({ spec, model }) => shelf.loadFor((spec as RunSpec).model, model),
    readText: readDataFile,
    now: Date.now,
  })
  const nameAdapter = adapterNaming(broadcaster, { ...database, shelf }, failed)
  const observer = observerOf(broadcaster, { nameAdapter, ledger })
  const engine = new Engine({ clock: systemClock, log, transport: gateway, store, workbench, observer })
  const blobs = modelOrStored(shelf, store)
  const app = await createHttpServer({
    queries,
    actions: createRunDesk({ engine, shelf, removed: (id) => removed(id, { ledger, broadcaster }) }),
    readBlobRange: blobs.readBlobRange,
    store,
    health: serviceHealth(VERSION, database, roster),
    token,
    dashboardFolder: DASHBOARD,
    log,
  })
  const io = openSockets(app, { serveClient: false, maxHttpBufferSize: LARGEST_FRAME_BYTES })
  const live = attachLiveFeed(io, { token })
  gateway.attach(io, {
    engine,
    store: housekeeping.gateway,
    noRoomFor: housekeeping.noRoomFor,
    roster,
    ledger,
    intake: new IntakeGate(INTAKE),
    token,
    ...blobs,
    failed,
  })
  const close = async (): Promise<void> => {
    housekeeping.stop()
    database.stopWaiting()
    await app.close()
    await engine.close()
    await broadcaster.close()
    await ledger.close()
    await compute.close()
  }
  try {
    await takeUp(database, { shelf, nameAdapter, failed })
    await engine.restore()
    housekeeping.begin(engine)
    const url = await listen(app, foundation)
    log.info('the coordinator is up', { url, migrated: database.migrated })
    return { url, close }
  } catch (error) {
    await close()
    throw error
  }
}

function observerOf(
  broadcaster: LiveBroadcaster,
  { nameAdapter, ledger }: { nameAdapter: NameAdapter; ledger: ByteLedger },
): Observer {
  return {
    changed(record, state, event) {
      if (hasEnded(state.phase)) ledger.ended(record.runId)
      broadcaster.changed(record, state, event)
      nameAdapter(record, state)
    },
    measured: broadcaster.measured,
  }
}

function removed(id: RunId, { ledger, broadcaster }: { ledger: ByteLedger; broadcaster: LiveBroadcaster }): void {
  ledger.ended(id)
  broadcaster.removed(id)
}

async function stopAll(close: () => Promise<void>, { database, log }: Pick<Foundation, 'database' | 'log'>) {
  await close()
  await database.close()
  log.info('the coordinator has stopped')
}

/**
 * What an earlier coordinator may have left undone: workers of runs that go on still have to fetch their base model, and
 * a run that finished in its last moment has no name for its adapter.
 */
async function takeUp(
  { store, queries }: Database,
  { shelf, nameAdapter, failed }: { shelf: ModelShelf; nameAdapter: NameAdapter; failed: (error: unknown) => void },
): Promise<void> {
  for (const { record, state } of await store.loadRuns()) {
    if (state.phase === 'finished') {
      const { adapterHash } = (await queries.run(record.runId)) ?? {}
      if (adapterHash === null) nameAdapter(record, state)
    } else if (!hasEnded(state.phase)) await shelf.load((record.spec as RunSpec).model).catch(failed)
  }
}

async function listen(
  app: Awaited<ReturnType<typeof createHttpServer>>,
  { host, port }: CoordinatorOptions,
): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    throw new FedError('port-in-use', `port ${port} of ${host} is already in use`, {
      cause,
      details: { host, port },
      fix: 'Stop what listens there, or choose another with --port.',
    })
  }
}
