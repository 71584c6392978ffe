import type { RunRecord, RunState, StageName } from '@tessera/federation'
import {
  eventView,
  type LedgerSplit,
  type LedgerView,
  ledgerView,
  metricPoint,
  type RunView,
  roundView,
  runView,
  workerView,
} from '@tessera/protocol'
import { type BlobHash, ERROR_CODES, type ErrorCode, FedError } from '@tessera/vocabulary'
import { z } from 'zod'

/** A coordinator's HTTP interface, parsed. Every failure is a `FedError`: the coordinator's own, or `unreachable`. */
export interface ApiClient {
  runs(): Promise<readonly RunView[]>
  run(id: string): Promise<RunView>
  rounds(id: string): Promise<readonly z.infer<typeof roundView>[]>
  metrics(id: string): Promise<readonly z.infer<typeof metricPoint>[]>
  events(id: string, after: number): Promise<readonly z.infer<typeof eventView>[]>
  workers(): Promise<readonly z.infer<typeof workerView>[]>
  /** What a run moved, or what moved while workers had no work. */
  ledger(id: string | null, by: readonly LedgerSplit[]): Promise<LedgerView>
  /** A submit token gives the same run however often it comes. */
  createRun(spec: unknown, options?: { readonly submitToken?: string | undefined }): Promise<string>
  steer(id: string, action: 'pause' | 'resume' | 'abort'): Promise<void>
  remove(id: string, options: { readonly force: boolean }): Promise<void>
  record(id: string): Promise<RunExportRecord>
  blob(hash: BlobHash): Promise<Uint8Array>
  /** The log of a run as it travels: see `decodeLog`. */
  log(id: string): Promise<AsyncIterable<Uint8Array>>
  /** The updates of a stage as they travel: see `decodeUpdates`. */
  updates(id: string, stage: StageName): Promise<AsyncIterable<Uint8Array>>
}

/** What an export needs of a run. */
export type RunExportRecord = RunRecord & Pick<RunState, 'factors' | 'coordinates' | 'baseChange' | 'round' | 'phase'>

/** @throws {FedError} `invalid-config` */
function requireAddress(server: string): void {
  if (/^https?:\/\//.test(server) && URL.canParse(server)) return
  throw new FedError('invalid-config', `"${server}" is not the address of a coordinator`, {
    fix: 'Give --server as http://host:port, as `tessera up` prints it.',
  })
}

const refused = z.looseObject({ code: z.string(), message: z.string(), fix: z.string().optional() })

/**
 * @param signal Ends all that is asked, and all that will be, with `timeout`.
 * @throws {FedError} `invalid-config`: the server's address is none.
 */
export function createApiClient(server: string, token: string | undefined, signal?: AbortSignal): ApiClient {
  requireAddress(server)
  const requireTime = (): void => {
    if (signal?.aborted) throw new FedError('timeout', 'the time that --timeout allows has passed')
  }
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const answer = schema.safeParse(await (await call('GET', path)).json().catch(() => undefined))
    if (answer.success) return answer.data
    requireTime()
    throw new FedError('unreachable', `what answers at ${server} is no coordinator of this release`, {
      cause: answer.error,
      fix: 'Check --server, and use the same release on both sides.',
    })
  }
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, sent: Sent = {}): Promise<Response> => {
    const headers: Record<string, string> = { ...sent.headers }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (sent.body !== undefined) headers['content-type'] = 'application/json'
    const body = sent.body === undefined ? null : JSON.stringify(sent.body)
    const request = { method, headers, body, signal: signal ?? null }
    const response = await fetch(new URL(path, server), request).catch((cause: unknown) => {
      requireTime()
      throw new FedError('unreachable', `no coordinator answers at ${server}`, {
        cause,
        fix: 'Start one with `tessera up`, or name another with --server.',
      })
    })
    if (response.ok) return response
    const error = await errorOf(response)
    requireTime()
    throw error
  }
  const run = (id: string): string => `/api/runs/${encodeURIComponent(id)}`
  return {
    runs: () => get('/api/runs', z.array(runView)),
    run: (id) => get(run(id), runView),
    rounds: (id) => get(`${run(id)}/rounds`, z.array(roundView)),
    metrics: (id) => get(`${run(id)}/metrics`, z.array(metricPoint)),
    events: (id, after) => get(`${run(id)}/events?after=${after}`, z.array(eventView)),
    workers: () => get('/api/workers', z.array(workerView)),
    ledger: (id, by) => {
      const path = id === null ? '/api/ledger' : `${run(id)}/ledger`
      return get(by.length === 0 ? path : `${path}?by=${by.join(',')}`, ledgerView)
    },
    createRun: async (body, { submitToken } = {}) => {
      const headers: Record<string, string> = submitToken === undefined ? {} : { 'idempotency-key': submitToken }
      const answer: unknown = await (await call('POST', '/api/runs', { body, headers })).json()
      return z.looseObject({ id: z.string() }).parse(answer).id
    },
    steer: async (id, action) => void (await call('POST', `${run(id)}/${action}`)),
    remove: async (id, { force }) => void (await call('DELETE', `${run(id)}?force=${force}`)),
    record: async (id) => (await (await call('GET', `${run(id)}/record`)).json()) as RunExportRecord,
    blob: async (hash) => wholeOf(bodyOf(await call('GET', `/api/blobs/${hash}`), requireTime)),
    log: async (id) => bodyOf(await call('GET', `${run(id)}/log`), requireTime),
    updates: async (id, { kind, index }) =>
      bodyOf(await call('GET', `${run(id)}/updates/${kind}/${index}`), requireTime),
  }
}

/** What goes along with a request. */
interface Sent {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer as it comes. @throws {FedError} `unreachable`: it ends in the middle; `timeout` */
async function* bodyOf({ body }: Response, requireTime: () => void): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of body ?? []) yield piece
  } catch (cause) {
    requireTime()
    throw new FedError('unreachable', 'the connection to the coordinator ended in the middle of an answer', {
      cause,
      fix: 'Try again.',
    })
  }
}

async function wholeOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return new Uint8Array(Buffer.concat(all))
}

async function errorOf(response: Response): Promise<FedError> {
  const body = refused.safeParse(await response.json().catch(() => null))
  if (!body.success || !(body.data.code in ERROR_CODES)) {
    return new FedError('internal', `the server answered ${response.status} without an error that can be read`)
  }
  const { code, message, fix } = body.data
  return new FedError(code as ErrorCode, message, fix === undefined ? {} : { fix })
}
