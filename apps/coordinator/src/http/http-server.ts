import type { ArchiveStore, Log } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { RunQueries } from '../run-queries.ts'
import { type Access, createAccess, unauthorized } from './access.ts'
import { type ReadBlobRange, registerBlobs } from './blob-route.ts'
import { callerOf } from './caller.ts'
import { registerDashboard } from './dashboard-files.ts'
import { answerTo } from './error-answer.ts'
import { type Health, registerHealth } from './health.ts'
import { registerLogs } from './log-routes.ts'
import type { RunActions } from './run-actions.ts'
import { registerRunActions, registerRunQueries } from './run-routes.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

export interface HttpServerParts {
  readonly queries: RunQueries
  readonly actions: RunActions
  readonly readBlobRange: ReadBlobRange
  readonly store: ArchiveStore
  readonly health: () => Promise<Health>
  /** What allows to change something, and to read from other machines. */
  readonly token: string
  /** The dashboard as Vite built it; it may still be missing. */
  readonly dashboardFolder: string
  readonly log: Log
}

/**
 * Health, runs, artefacts and the dashboard over HTTP. Nothing listens yet: `await app.listen({ host, port })` rejects
 * when the port is in use, and sockets are attached to `app.server`.
 */
export async function createHttpServer(parts: HttpServerParts): Promise<FastifyInstance> {
  const access = createAccess(parts.token)
  const app = fastify({ forceCloseConnections: true })
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS)
  })
  app.setErrorHandler((thrown, request, reply) => {
    const { status, body } = answerTo(thrown)
    if (status >= 500) parts.log.error(`${request.method} ${request.url} failed`, { err: thrown })
    return reply.code(status).send(body)
  })
  app.setNotFoundHandler(({ method, url }) => {
    throw new FedError('unknown-route', `There is no ${method} ${url.slice(0, 200)}.`)
  })
  registerHealth(app, access, parts.health)
  await app.register(async (guarded) => registerGuarded(guarded, access, parts))
  await registerDashboard(app, parts.dashboardFolder)
  return app
}

/** Everything that is not for strangers: reading by the rule for reading, all else by the rule for writing. */
function registerGuarded(app: FastifyInstance, access: Access, parts: HttpServerParts): void {
  const { queries, actions } = parts
  app.addHook('onRequest', async (request: FastifyRequest) => {
    const caller = callerOf(request)
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!(reads ? access.mayRead(caller) : access.mayWrite(caller))) throw unauthorized()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  registerRunQueries(app, queries, actions)
  registerRunActions(app, queries, actions)
  registerBlobs(app, parts.readBlobRange)
  registerLogs(app, queries, parts.store)
}
