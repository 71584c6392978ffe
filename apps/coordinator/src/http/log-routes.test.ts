import { decodeLog, decodeUpdates, type RunArchive, verifyRun } from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import { archiveRun, collect } from '@tessera/testing'
import { type BlobHash, runId } from '@tessera/vocabulary'
import fastify, { type FastifyInstance } from 'fastify'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunQueries } from '../run-queries.ts'
import { answerTo } from './error-answer.ts'
import { registerLogs } from './log-routes.ts'

let run: RunArchive
let app: FastifyInstance

beforeAll(async () => {
  run = await archiveRun({ spec: { initialisation: 'federated-sketch', total: 2 }, hash: hashBytes })
  const { record, state, versions } = run
  const queries = { run: async (id: string) => (id === record.runId ? { id } : null) } as unknown as RunQueries
  app = fastify()
  app.setErrorHandler((thrown, _request, reply) => {
    const { status, body } = answerTo(thrown)
    return reply.code(status).send(body)
  })
  registerLogs(app, queries, {
    loadRuns: async () => [
      { record: { ...record, runId: runId('another') }, state },
      { record, state },
    ],
    versionsOf: async () => versions.map((version) => ({ ...version, evaluated: true })),
    eventsOf: () => run.events(),
    updatesOf: (_id, stage) => run.updates(stage),
    readBlob: run.blob,
  })
})

async function* bodyOf(url: string): AsyncIterable<Uint8Array> {
  yield (await app.inject(url)).rawPayload
}

describe('the log over HTTP', () => {
  it('with the updates of its stages and its blobs is enough to recompute a run: two passes, two rounds', async () => {
    const archive: RunArchive = {
      ...(await decodeLog(bodyOf('/api/runs/run-1/log'))),
      updates: ({ kind, index }) => decodeUpdates(bodyOf(`/api/runs/run-1/updates/${kind}/${index}`)),
      blob: (hash: BlobHash) => run.blob(hash),
    }
    const findings = await collect(verifyRun(archive))
    expect(findings.map((finding) => (finding.type === 'result' ? finding.check : finding.type))).toEqual([
      ...Array(4).fill('recomputed'),
      'end',
    ])
  })

  it('is lines of JSON: what the run is, then an event each', async () => {
    const { headers, payload } = await app.inject('/api/runs/run-1/log')
    expect(headers['content-type']).toBe('application/x-ndjson')
    const lines = payload.split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([
      undefined,
      ...Array.from({ length: 21 }, (_, at) => at + 1),
    ])
  })

  it('refuses an unknown run with unknown-run, and what is no stage with invalid-message', async () => {
    expect((await app.inject('/api/runs/other/log')).json()).toMatchObject({ code: 'unknown-run' })
    for (const stage of ['test/1', 'train/-1', 'train/x', 'train/1.5']) {
      const answer = await app.inject(`/api/runs/run-1/updates/${stage}`)
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid-message'])
    }
    expect((await app.inject('/api/runs/run-1/updates/train/9')).rawPayload).toHaveLength(0)
  })
})
