import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createMemoryStore } from '@tessera/federation'
import type { LiveMessage } from '@tessera/protocol'
import { createHttpServer } from '../../apps/coordinator/src/http/http-server.ts'
import { attachLiveFeed } from '../../apps/coordinator/src/http/live-feed.ts'
import { openSockets } from '../../apps/coordinator/src/socket/open-sockets.ts'
import { type Contents, createMemoryCoordinator } from './memory-coordinator.ts'

export const TOKEN = 'the-token-of-this-test'

export interface ServedDashboard {
  readonly port: number
  readonly origin: string
  /** Stores a message and sends it over the live feed. */
  readonly publish: (message: LiveMessage) => void
  readonly close: () => Promise<void>
}

const FOLDER = fileURLToPath(new URL('../../apps/dashboard/dist/page', import.meta.url))

/** The coordinator's HTTP interface, live feed and page over what `contents` holds. Port 0 takes a free one. */
export async function serveDashboard(contents: Contents, port = 0): Promise<ServedDashboard> {
  let live: (message: LiveMessage) => void = () => undefined
  const { queries, actions, store } = createMemoryCoordinator(contents, (message) => live(message))
  const silent = () => undefined
  const app = await createHttpServer({
    queries,
    actions,
    readBlobRange: async () => null,
    store: createMemoryStore(),
    health: async () => ({ version: '0.1.0', database: 'ok', uptimeSeconds: 1, workers: 3 }),
    token: TOKEN,
    dashboardFolder: FOLDER,
    log: { info: silent, warn: silent, error: (message, data) => console.error(message, data) },
  })
  live = attachLiveFeed(openSockets(app), { token: TOKEN })
  await app.listen({ port, host: '127.0.0.1' })
  const address = app.server.address() as AddressInfo
  return { port: address.port, origin: `http://127.0.0.1:${address.port}`, publish: store, close: () => app.close() }
}
