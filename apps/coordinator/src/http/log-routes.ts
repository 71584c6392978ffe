import { Readable } from 'node:stream'
import { type ArchiveStore, archiveOf, encodeLog, encodeUpdates } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { RunQueries } from '../run-queries.ts'
import { requireRun } from './run-routes.ts'

interface LogParams {
  Params: { id: string }
}

const stageName = z.object({
  kind: z.enum(['probe', 'train']),
  index: z.coerce.number().pipe(z.int().min(0)),
})

/** What `tessera verify` and `tessera receipt` read: a run's log, and the updates of a stage, as they are stored. */
export function registerLogs(app: FastifyInstance, queries: RunQueries, store: ArchiveStore): void {
  app.get<LogParams>('/api/runs/:id/log', async ({ params }, reply) => {
    const { id } = await requireRun(queries, params.id)
    const archive = await archiveOf(store, id)
    return reply.type('application/x-ndjson').send(streamOf(encodeLog(archive)))
  })
  app.get<LogParams>('/api/runs/:id/updates/:kind/:index', async ({ params }, reply) => {
    const { id } = await requireRun(queries, params.id)
    const stage = stageName.safeParse(params)
    if (!stage.success) throw new FedError('invalid-message', z.prettifyError(stage.error))
    return reply.type('application/octet-stream').send(streamOf(encodeUpdates(store.updatesOf(id, stage.data))))
  })
}

const streamOf = (bytes: AsyncIterable<Uint8Array>): Readable => Readable.from(bytes, { objectMode: false })
