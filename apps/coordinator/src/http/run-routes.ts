import { type LedgerSplit, ledgerSplit, runView } from '@tessera/protocol'
import { FedError, type RunId } from '@tessera/vocabulary'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { RunQueries } from '../run-queries.ts'
import type { RunActions } from './run-actions.ts'

interface RunParams {
  Params: { id: string }
}

const eventsPage = z.strictObject({
  after: z.coerce.number().pipe(z.int().min(0)).default(0),
  limit: z.coerce.number().pipe(z.int().min(1).max(1000)).default(200),
})

/** `?by=round,kind` */
const split = z.strictObject({
  by: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(ledgerSplit))
    .default([]),
})

/** A submit token: the same run however often it comes. */
const submissionHeaders = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() })

const removal = z.strictObject({ force: z.enum(['true', 'false']).default('false') })

/** What people and the command read of runs and workers. */
export function registerRunQueries(app: FastifyInstance, queries: RunQueries, actions: RunActions): void {
  const existing = async (text: string) => (await requireRun(queries, text)).id
  app.get('/api/runs', () => queries.runs())
  app.get('/api/workers', () => queries.workers())
  app.get<RunParams>('/api/runs/:id', ({ params }) => requireRun(queries, params.id))
  app.get<RunParams>('/api/runs/:id/rounds', async ({ params }) => queries.rounds(await existing(params.id)))
  app.get<RunParams>('/api/runs/:id/metrics', async ({ params }) => queries.metrics(await existing(params.id)))
  app.get<RunParams>('/api/runs/:id/ledger', async ({ params, query }) =>
    queries.ledger(await existing(params.id), splitOf(query)),
  )
  app.get('/api/ledger', ({ query }) => queries.ledger(null, splitOf(query)))
  app.get<RunParams>('/api/runs/:id/record', async ({ params }) => actions.record(await existing(params.id)))
  app.get<RunParams>('/api/runs/:id/events', async ({ params, query }) => {
    const page = eventsPage.safeParse(query)
    if (!page.success) throw new FedError('invalid-message', z.prettifyError(page.error))
    return queries.events(await existing(params.id), page.data)
  })
}

function splitOf(query: unknown): readonly LedgerSplit[] {
  const asked = split.safeParse(query)
  if (!asked.success) throw new FedError('invalid-message', z.prettifyError(asked.error))
  return asked.data.by
}

/** What people and the command do to runs; each answers with the run as it is afterwards, if it still is. */
export function registerRunActions(app: FastifyInstance, queries: RunQueries, actions: RunActions): void {
  app.post('/api/runs', async ({ body, headers }, reply) => {
    if (typeof body !== 'object' || body === null) {
      throw new FedError('invalid-message', 'The body must be the specification of a run, as a JSON object.')
    }
    const submission = submissionHeaders.safeParse(headers)
    if (!submission.success) throw new FedError('invalid-message', z.prettifyError(submission.error))
    const submitToken = submission.data['idempotency-key']
    const { id, made } = await actions.createRun(body, { submitToken })
    reply.code(made ? 201 : 200).header('location', `/api/runs/${id}`)
    return requireRun(queries, id)
  })
  for (const verb of ['pause', 'resume', 'abort'] as const) {
    app.post<RunParams>(`/api/runs/:id/${verb}`, async ({ params }) => {
      const { id } = await requireRun(queries, params.id)
      await actions[verb](id)
      return requireRun(queries, id)
    })
  }
  app.delete<RunParams>('/api/runs/:id', async ({ params, query }, reply) => {
    const options = removal.safeParse(query)
    if (!options.success) throw new FedError('invalid-message', z.prettifyError(options.error))
    const { id } = await requireRun(queries, params.id)
    await actions.remove(id, { force: options.data.force === 'true' })
    return reply.code(204).send()
  })
}

/** @throws {FedError} 'unknown-run', whatever the text is. */
export async function requireRun(queries: RunQueries, text: string) {
  const id = runView.shape.id.safeParse(text)
  const run = id.success ? await queries.run(id.data as RunId) : null
  if (run === null) {
    throw new FedError('unknown-run', `There is no run "${text.slice(0, 80)}".`, {
      fix: 'List the runs there are with GET /api/runs.',
    })
  }
  return run
}
