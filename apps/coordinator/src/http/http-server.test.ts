import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryStore } from '@tessera/federation'
import { eventView, hashBytes, ledgerView, type RunView } from '@tessera/protocol'
import { ERROR_CODES, FedError, runId } from '@tessera/vocabulary'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunQueries } from '../run-queries.ts'
import { createHttpServer, type HttpServerParts } from './http-server.ts'
import type { RunActions } from './run-actions.ts'

const TOKEN = 'a-token-of-the-test'
const BEARER = { authorization: `Bearer ${TOKEN}` }
const ELSEWHERE = '192.0.2.7'
const BLOB = Uint8Array.of(1, 2, 3)

const demo: RunView = {
  id: runId('demo'),
  name: 'demo',
  phase: 'training',
  round: 2,
  rounds: 5,
  pass: 2,
  passes: 2,
  method: 'lora-sb',
  rank: 8,
  seed: '17',
  createdAt: 1000,
  startedAt: 1100,
  finishedAt: null,
  message: null,
  clients: [],
  metrics: [],
  adapterHash: null,
  waiting: 'waits for the update of ward-3',
  resumesByItself: false,
  logHead: hashBytes(Uint8Array.of(9)),
}

const log = (() => {
  const lines: { message: string; data: unknown }[] = []
  const write = (message: string, data: unknown) => void lines.push({ message, data })
  return { lines, info: write, warn: write, error: write }
})()

const NO_BYTES = { uploadBytes: 0, uploadFloorBytes: 0, downloadBytes: 0, downloadFloorBytes: 0 }

/** Three runs' worth of behaviour in memory: reading, changing, and a database that can be made to fail. */
function memory() {
  const runs = new Map<string, RunView>([['demo', demo]])
  const events = [1, 2, 3].map((seq) =>
    eventView.parse({ seq, runId: 'demo', at: seq, type: 'committed', text: `round ${seq}`, data: {} }),
  )
  const state = { failure: null as Error | null }
  const queries: RunQueries = {
    runs: async () => {
      if (state.failure) throw state.failure
      return [...runs.values()]
    },
    run: async (id) => runs.get(id) ?? null,
    rounds: async () => [],
    metrics: async () => [],
    events: async (_id, { after, limit }) => events.filter(({ seq }) => seq > after).slice(0, limit),
    workers: async () => [],
    ledger: async (id, by) => ({
      runId: id,
      progress: null,
      entries: [],
      total: { ...NO_BYTES, uploadBytes: by.length },
    }),
  }
  const setPhase = async (id: string, phase: string) => {
    const run = runs.get(id)!
    if (run.phase === phase) throw new FedError('illegal-event', `The run is already ${phase}.`)
    runs.set(id, { ...run, phase })
  }
  const actions: RunActions = {
    createRun: async (spec, { submitToken }) => {
      const { name } = spec as { name?: unknown }
      if (typeof name !== 'string')
        throw new FedError('invalid-config', 'name: expected text', { fix: 'Name the run.' })
      const made = submitToken === undefined || !runs.has(name)
      if (made) runs.set(name, { ...demo, id: runId(name), name })
      return { id: runId(name), made }
    },
    pause: (id) => setPhase(id, 'paused'),
    resume: (id) => setPhase(id, 'training'),
    abort: (id) => setPhase(id, 'abandoned'),
    remove: async (id, { force }) => {
      if (!force) throw new FedError('illegal-event', 'It has not ended.', { fix: 'Use --force.' })
      runs.delete(id)
    },
    record: async (id) => ({ spec: { name: id }, sites: [], factors: null, coordinates: null }),
  }
  return { queries, actions, state }
}

let folder: string
let app: Awaited<ReturnType<typeof createHttpServer>>
let state: ReturnType<typeof memory>['state']
let database: 'ok' | 'unreachable'

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-dashboard-'))
  database = 'ok'
  log.lines.length = 0
  const { queries, actions, ...rest } = memory()
  state = rest.state
  const health = async () => ({ version: '0.1.0', database, uptimeSeconds: 12, workers: 3 })
  const readBlobRange: HttpServerParts['readBlobRange'] = async (hash, { offset, length }) =>
    hash === hashBytes(BLOB) ? { size: 3, bytes: BLOB.slice(offset, offset + length) } : null
  const parts = { queries, actions, readBlobRange, store: createMemoryStore(), health, log }
  app = await createHttpServer({ ...parts, token: TOKEN, dashboardFolder: folder })
})

afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

describe('reading over HTTP', () => {
  it('says how the coordinator is, and 503 while the database is unreachable', async () => {
    const well = await app.inject('/api/health')
    expect(well.json()).toEqual({ status: 'ok', version: '0.1.0', database: 'ok', uptimeSeconds: 12, workers: 3 })
    database = 'unreachable'
    const ill = await app.inject('/api/health')
    expect([ill.statusCode, ill.json().status]).toEqual([503, 'degraded'])
  })

  it('lists runs and workers, and gives one run', async () => {
    expect((await app.inject('/api/runs')).json()).toEqual([demo])
    expect((await app.inject('/api/workers')).json()).toEqual([])
    const one = await app.inject('/api/runs/demo')
    expect(one.json()).toEqual(demo)
    expect(one.headers['cache-control']).toBe('no-store')
  })

  it('gives the parts of a run', async () => {
    for (const part of ['rounds', 'metrics']) expect((await app.inject(`/api/runs/demo/${part}`)).json()).toEqual([])
    expect((await app.inject('/api/runs/demo/record')).json()).toMatchObject({ spec: { name: 'demo' } })
  })

  it('gives the ledger of a run and that of none, split by what is asked for, and refuses to split by anything else', async () => {
    const ledgerAt = async (path: string) => ledgerView.parse((await app.inject(path)).json())
    expect(await ledgerAt('/api/runs/demo/ledger?by=round,kind')).toMatchObject({
      runId: 'demo',
      total: { uploadBytes: 2 },
    })
    expect(await ledgerAt('/api/ledger')).toMatchObject({ runId: null, total: { uploadBytes: 0 } })
    for (const query of ['by=', 'by=round,weekday', 'per=round']) {
      const refused = await app.inject(`/api/runs/demo/ledger?${query}`)
      expect([refused.statusCode, refused.json().code]).toEqual([400, 'invalid-message'])
    }
  })

  it('gives events page by page, and refuses a page that is none', async () => {
    const page = await app.inject('/api/runs/demo/events?after=1&limit=1')
    expect(page.json().map(({ seq }: { seq: number }) => seq)).toEqual([2])
    expect((await app.inject('/api/runs/demo/events')).json()).toHaveLength(3)
    for (const query of ['after=-1', 'limit=0', 'limit=1001', 'after=x', 'before=3']) {
      const refused = await app.inject(`/api/runs/demo/events?${query}`)
      expect([refused.statusCode, refused.json().code]).toEqual([400, 'invalid-message'])
    }
  })

  it('answers 404 unknown-run for every part of a run that does not exist, whatever its name', async () => {
    for (const id of ['other', '..%2F..', 'a%00b', 'x'.repeat(65)]) {
      for (const part of ['', '/rounds', '/metrics', '/events', '/ledger', '/record', '/log', '/updates/train/1']) {
        const answer = await app.inject(`/api/runs/${id}${part}`)
        expect([answer.statusCode, answer.json().code]).toEqual([404, 'unknown-run'])
      }
    }
  })

  it('gives a blob with its hash as ETag, for ever', async () => {
    const hash = hashBytes(BLOB)
    const answer = await app.inject(`/api/blobs/${hash}`)
    expect(Array.from(answer.rawPayload)).toEqual([1, 2, 3])
    expect(answer.headers).toMatchObject({ 'etag': `"${hash}"`, 'content-type': 'application/octet-stream' })
    expect(answer.headers['cache-control']).toContain('immutable')
    const again = await app.inject({ url: `/api/blobs/${hash}`, headers: { 'if-none-match': `"${hash}"` } })
    expect(again.statusCode).toBe(304)
    for (const unknown of ['0'.repeat(64), 'no-hash']) {
      expect((await app.inject(`/api/blobs/${unknown}`)).json()).toMatchObject({ code: 'unknown-blob' })
    }
  })
})

describe('a download', () => {
  const hash = hashBytes(BLOB)
  const get = (range: string) => app.inject({ url: `/api/blobs/${hash}`, headers: { range } })

  it('that broke off after two of three bytes goes on with the last one', async () => {
    const rest = await get('bytes=2-')
    expect([rest.statusCode, Array.from(rest.rawPayload)]).toEqual([206, [3]])
    expect(rest.headers).toMatchObject({ 'content-range': 'bytes 2-2/3', 'content-length': '1' })
  })

  it('that begins where the blob ends is refused with 416, and one in another unit gets all of it', async () => {
    const past = await get('bytes=3-')
    expect([past.statusCode, past.headers['content-range']]).toEqual([416, 'bytes */3'])
    const whole = await get('pages=1-')
    expect([whole.statusCode, Array.from(whole.rawPayload)]).toEqual([200, [1, 2, 3]])
  })
})

describe('changing over HTTP', () => {
  const post = (url: string, payload?: object) =>
    app.inject({ method: 'POST', url, headers: BEARER, ...(payload && { payload }) })

  it('makes a run of a specification', async () => {
    const made = await post('/api/runs', { name: 'support-bot' })
    expect([made.statusCode, made.headers.location]).toEqual([201, '/api/runs/support-bot'])
    expect((await app.inject('/api/runs/support-bot')).json()).toEqual(made.json())
  })

  it('refuses a bad specification with its reason and its fix', async () => {
    const refused = await post('/api/runs', { name: 3 })
    expect(refused.statusCode).toBe(400)
    expect(refused.json()).toEqual({
      code: 'invalid-config',
      message: 'name: expected text',
      fix: 'Name the run.',
      retryable: false,
    })
  })

  it('refuses a body that is no JSON object', async () => {
    const headers = { ...BEARER, 'content-type': 'application/json' }
    for (const payload of ['{"name": ', 'null', '3', '']) {
      const refused = await app.inject({ method: 'POST', url: '/api/runs', headers, payload })
      expect([refused.statusCode, refused.json().code]).toEqual([400, 'invalid-message'])
    }
    const text = await app.inject({
      method: 'POST',
      url: '/api/runs',
      headers: { ...BEARER, 'content-type': 'text/csv' },
      payload: 'a,b',
    })
    expect([text.statusCode, text.json().code]).toEqual([415, 'invalid-message'])
  })

  it('pauses, resumes and aborts, and answers 409 where the run does not allow it', async () => {
    expect((await post('/api/runs/demo/pause')).json().phase).toBe('paused')
    expect((await post('/api/runs/demo/pause')).statusCode).toBe(409)
    expect((await post('/api/runs/demo/resume')).json().phase).toBe('training')
    expect((await post('/api/runs/demo/abort')).json().phase).toBe('abandoned')
    expect((await post('/api/runs/other/abort')).statusCode).toBe(404)
  })

  it('removes a run once: 409 with the fix for one that has not ended, unless it is forced', async () => {
    const remove = (query = '') => app.inject({ method: 'DELETE', url: `/api/runs/demo${query}`, headers: BEARER })
    const refused = await remove()
    expect([refused.statusCode, refused.json().fix]).toEqual([409, 'Use --force.'])
    expect((await remove('?force=maybe')).json().code).toBe('invalid-message')
    expect((await remove('?force=true')).statusCode).toBe(204)
    expect((await app.inject('/api/runs')).json()).toEqual([])
    expect((await remove('?force=true')).json().code).toBe('unknown-run')
  })
})

describe('access over HTTP', () => {
  it('needs the token for every change, also on this machine', async () => {
    for (const url of ['/api/runs', '/api/runs/demo/pause', '/api/runs/demo/resume', '/api/runs/demo/abort']) {
      for (const authorization of [undefined, 'Bearer wrong', TOKEN, `Bearer ${TOKEN}x`]) {
        const headers = authorization === undefined ? {} : { authorization }
        const answer = await app.inject({ method: 'POST', url, headers, payload: { name: 'x' } })
        expect([answer.statusCode, answer.json().code]).toEqual([401, 'unauthorized'])
      }
    }
    expect((await app.inject({ method: 'DELETE', url: '/api/runs/demo?force=true' })).statusCode).toBe(401)
    expect((await app.inject('/api/runs/demo')).json().phase).toBe('training')
  })

  it('needs the token for reading from elsewhere', async () => {
    const urls = ['/api/runs', '/api/runs/demo', '/api/workers', `/api/blobs/${hashBytes(BLOB)}`]
    for (const url of urls) {
      expect((await app.inject({ url, remoteAddress: ELSEWHERE })).statusCode).toBe(401)
      expect((await app.inject({ url, remoteAddress: ELSEWHERE, headers: BEARER })).statusCode).toBe(200)
    }
  })

  it('takes a proxy, a foreign host name and a foreign page on this machine for elsewhere', async () => {
    const foreign = [{ 'x-forwarded-for': ELSEWHERE }, { host: 'rebound.example' }, { origin: 'https://evil.example' }]
    for (const headers of foreign) expect((await app.inject({ url: '/api/runs', headers })).statusCode).toBe(401)
    const own = await app.inject({ url: '/api/runs', headers: { host: '[::1]:8080', origin: 'http://[::1]:8080' } })
    expect(own.statusCode).toBe(200)
  })

  it('tells strangers of its health only whether it is well', async () => {
    const answer = await app.inject({ url: '/api/health', remoteAddress: ELSEWHERE })
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }])
  })
})

describe('what goes wrong over HTTP', () => {
  it('answers internal without internals, and logs the cause', async () => {
    state.failure = new Error('password of the database is hunter2')
    const answer = await app.inject('/api/runs')
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toEqual({ code: 'internal', message: ERROR_CODES.internal.sentence, retryable: false })
    expect(log.lines).toEqual([{ message: 'GET /api/runs failed', data: { err: state.failure } }])
  })

  it('answers 503 and retryable while the database does not answer', async () => {
    state.failure = new FedError('database-unreachable', 'connect ECONNREFUSED 10.1.2.3:5432')
    const answer = await app.inject('/api/runs')
    expect([answer.statusCode, answer.json().retryable]).toEqual([503, true])
    expect(answer.body).not.toContain('10.1.2.3')
  })

  it('answers 404 as JSON where there is nothing', async () => {
    for (const url of ['/api/nothing', '/nothing.js', '/%2e%2e/%2e%2e/package.json']) {
      const answer = await app.inject(url)
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'unknown-route'])
    }
  })
})

describe('the dashboard over HTTP', () => {
  it('says how to build it while it is missing', async () => {
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8'])
    expect(answer.body).toContain('npm run build')
  })

  it('gives the same page for every address of a page, also to strangers, once it is built', async () => {
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Tessera</title>')
    for (const url of ['/', '/runs/demo', '/runs/unknown']) {
      const answer = await app.inject({ url, remoteAddress: ELSEWHERE })
      expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-cache'])
      expect(answer.body).toContain('<title>Tessera</title>')
    }
  })

  it('lets the page run only what comes from here, inside no other page', async () => {
    for (const url of ['/', '/api/runs', '/api/nothing']) {
      const { headers } = await app.inject(url)
      expect(headers['content-security-policy']).toContain("script-src 'self'")
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })
})
