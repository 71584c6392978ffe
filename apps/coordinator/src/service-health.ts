import type { Health } from './http/health.ts'
import type { WorkerRoster } from './socket/worker-roster.ts'
import type { Database } from './store/database.ts'

/** What the coordinator says about itself when it is asked. */
export function serviceHealth(version: string, database: Database, roster: WorkerRoster): () => Promise<Health> {
  const startedAt = Date.now()
  const condition = async (): Promise<Health['database']> => {
    if (!(await database.answers())) return 'unreachable'
    return database.isFull() ? 'disk-full' : 'ok'
  }
  return async () => ({
    version,
    database: await condition(),
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    workers: roster.size,
  })
}
