import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { runView } from '@tessera/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tessera } from './tessera-command.ts'

const TESSERA = fileURLToPath(new URL('../../apps/cli/bin/tessera.js', import.meta.url))

const run = (id: string, phase: string) =>
  runView.parse({
    ...{ id, name: id, phase, round: 2, rounds: 3, pass: 0, passes: 0, method: 'lora-sb', rank: 4, seed: '1' },
    ...{ createdAt: 1, startedAt: 1, finishedAt: null, message: null, waiting: null, resumesByItself: false },
    ...{ clients: [], metrics: [], adapterHash: null, logHead: '0'.repeat(64) },
  })

const RUNS = [run('c', 'training'), run('b', 'finished'), run('a', 'finished')]

/** What a coordinator answers by method and path; where nothing is named it never answers. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'GET /api/runs': RUNS,
  'GET /api/runs/a': RUNS[2],
  'GET /api/runs/c': RUNS[0],
  'GET /api/workers': [],
  'POST /api/runs': { id: 'made' },
  'DELETE /api/runs/a?force=false': null,
}

let server: Server
let heard: IncomingMessage[]

beforeEach(async () => {
  heard = []
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    heard.push(request)
    const answer = ANSWERS[`${request.method} ${request.url}`]
    if (answer !== undefined) response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const ask = (...args: string[]) =>
  tessera('--token', 't', '--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...args)

describe('runs ls', () => {
  it.each([
    [[], ['c', 'b', 'a']],
    [
      ['--status', 'finished'],
      ['b', 'a'],
    ],
    [['--status', 'finished', '--limit', '1'], ['b']],
    [
      ['--limit', '2'],
      ['c', 'b'],
    ],
  ])('%j lists %j', async (flags, ids) => {
    const { documents } = await ask('runs', 'ls', ...flags)
    expect((documents[0] as { id: string }[]).map(({ id }) => id)).toEqual(ids)
  })

  it('refuses a phase that no run has, and a limit that is no number', async () => {
    expect(await ask('runs', 'ls', '--status', 'asleep')).toMatchObject({ exit: 5 })
    expect(await ask('runs', 'ls', '--limit', 'few')).toMatchObject({ exit: 5 })
  })
})

describe('--timeout', () => {
  it('ends with exit status 3 what gets no answer', async () => {
    const { exit, documents } = await ask('ledger', '--timeout', '0.2')
    expect([exit, documents]).toMatchObject([3, [{ error: { code: 'timeout', retryable: true } }]])
  })

  it('ends with exit status 3 the watching of a run that goes on', async () => {
    expect(await ask('runs', 'watch', 'c', '--timeout', '0.2')).toMatchObject({ exit: 3 })
  })

  it('is no matter for what is answered in time, and refuses what is no time', async () => {
    expect(await ask('runs', 'ls', '--timeout', '60')).toMatchObject({ exit: 0 })
    expect(await ask('runs', 'ls', '--timeout', 'soon')).toMatchObject({ exit: 5 })
  })
})

it('removes a run without being asked again after --yes, wherever it stands', async () => {
  expect(await ask('runs', 'rm', 'a', '--yes')).toMatchObject({ exit: 0, documents: [{ removed: 'a' }] })
  expect(await ask('--yes', 'runs', 'rm', 'a')).toMatchObject({ exit: 0, documents: [{ removed: 'a' }] })
})

it('sends a submit token beside the specification, and none where none was given', async () => {
  expect(await ask('run', '--submit-token', 'night 17')).toMatchObject({ exit: 0, documents: [{ id: 'made' }] })
  await ask('run')
  expect(heard.map(({ headers }) => headers['idempotency-key'])).toEqual(['night 17', undefined])
})

/** What is said to people by a process whose environment wants colours. */
const said = (...flags: string[]): Promise<string> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, FORCE_COLOR: '1' }
    execFile(process.execPath, [TESSERA, ...flags, 'runs', 'mend'], { env }, (_error, _out, err) => resolve(err))
  })

it('colours what it says, and with --no-color does not', async () => {
  const [coloured, plain] = await Promise.all([said(), said('--no-color')])
  expect(coloured).toContain('\u001b[')
  expect(plain).toMatch(/^error invalid-config: unknown command 'mend'/)
  expect(plain).not.toContain('\u001b[')
})
