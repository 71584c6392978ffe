import type { FastifyInstance } from 'fastify'
import type { Access } from './access.ts'
import { callerOf } from './caller.ts'

/** What the coordinator says about itself. */
export interface Health {
  readonly version: string
  readonly database: 'ok' | 'unreachable' | 'disk-full'
  readonly uptimeSeconds: number
  /** Connected workers. */
  readonly workers: number
}

/** `GET /api/health`: 200 or 503 for whoever asks, so that any probe can use it; the details for who may read. */
export function registerHealth(app: FastifyInstance, access: Access, health: () => Promise<Health>): void {
  app.get('/api/health', async (request, reply) => {
    const details = await health()
    const status = details.database === 'ok' ? 'ok' : 'degraded'
    reply.code(status === 'ok' ? 200 : 503)
    return access.mayRead(callerOf(request)) ? { status, ...details } : { status }
  })
}
