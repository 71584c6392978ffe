import {
  type EventView,
  errorOf,
  eventView,
  type MetricPoint,
  metricPoint,
  type RoundView,
  type RunView,
  roundView,
  runView,
  type WorkerView,
  workerView,
} from '@tessera/protocol'
import { type BlobHash, ERROR_CODES, type ErrorCode, FedError, type RunId } from '@tessera/vocabulary'

export type RunVerb = 'pause' | 'resume' | 'abort'

/** The coordinator's HTTP interface as this page uses it. Every refusal is thrown as a `FedError` with its code. */
export interface Api {
  runs(): Promise<RunView[]>
  run(id: RunId): Promise<RunView>
  rounds(id: RunId): Promise<RoundView[]>
  metrics(id: RunId): Promise<MetricPoint[]>
  /** All events with seq > after, ascending, however many pages that takes. */
  events(id: RunId, after?: number): Promise<EventView[]>
  workers(): Promise<WorkerView[]>
  act(id: RunId, verb: RunVerb): Promise<RunView>
  blob(hash: BlobHash): Promise<Blob>
}

export interface ApiParts {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>
  readonly token: () => string | null
}

const EVENTS_A_PAGE = 1000

/** A schema, as far as it is needed to read an answer. */
interface Reader<Value> {
  parse(body: unknown): Value
}

export function createApi({ fetch, token }: ApiParts): Api {
  const request = async (path: string, method = 'GET') => {
    const secret = token()
    const headers: HeadersInit = secret === null ? {} : { authorization: `Bearer ${secret}` }
    const response = await fetch(path, { method, headers }).catch((cause) => {
      throw new FedError('unreachable', ERROR_CODES.unreachable.sentence, { cause })
    })
    if (!response.ok) throw await refusalIn(response)
    return response
  }
  const read = async <Value>(path: string, schema: Reader<Value>, method?: string) =>
    schema.parse(await (await request(path, method)).json())
  const of = (id: RunId) => `/api/runs/${encodeURIComponent(id)}`
  const events = async (id: RunId, after = 0): Promise<EventView[]> => {
    const page = await read(`${of(id)}/events?after=${after}&limit=${EVENTS_A_PAGE}`, eventView.array())
    const last = page.at(-1)
    return last === undefined || page.length < EVENTS_A_PAGE ? page : [...page, ...(await events(id, last.seq))]
  }
  return {
    events,
    runs: () => read('/api/runs', runView.array()),
    run: (id) => read(of(id), runView),
    rounds: (id) => read(`${of(id)}/rounds`, roundView.array()),
    metrics: (id) => read(`${of(id)}/metrics`, metricPoint.array()),
    workers: () => read('/api/workers', workerView.array()),
    act: (id, verb) => read(`${of(id)}/${verb}`, runView, 'POST'),
    blob: async (hash) => (await request(`/api/blobs/${hash}`)).blob(),
  }
}

async function refusalIn(response: Response): Promise<FedError> {
  const body: unknown = await response.json().catch(() => null)
  if (typeof body === 'object' && body !== null && 'code' in body && 'message' in body) {
    const fix = 'fix' in body && typeof body.fix === 'string' ? body.fix : undefined
    if (isErrorCode(body.code)) return errorOf({ code: body.code, message: String(body.message), fix })
  }
  return new FedError('unreachable', `The coordinator answered with status ${response.status}.`)
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
}
