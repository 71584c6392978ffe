import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startCoordinator } from '@tessera/coordinator'
import { type ApiClient, createApiClient } from '../../apps/cli/src/api-client.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { connectClient, type FrameClient, helloOf, newSecret } from './frame-client.ts'

export const TOKEN = 'let-me-in'
export const MODEL = fileURLToPath(new URL('../../models/tiny-debian-llama', import.meta.url))

/** LoRA-SB of rank 4 on the four q_proj layers: R is 4 × 4 in each. */
export const COORDINATES = 4 * 4 * 4

export interface CoordinatorUnderTest {
  /** Another one after a restart. */
  readonly url: string
  readonly api: ApiClient
  /** A connection that has said hello and was welcomed. */
  admitted(name: string, secret?: string): Promise<FrameClient>
  /** A run whose factors come from the weights, so that clients have nothing to do before round 1. */
  startRun(rounds: { total: number; clients: number; attempts?: number }, spec?: object): Promise<string>
  /** Waits until the run is in a phase. */
  phase(runId: string, phase: string): Promise<void>
  /** Stop it, and start it again over the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A coordinator with a database of its own, on a free port. */
export async function coordinatorUnderTest(): Promise<CoordinatorUnderTest> {
  const dataFolder = await temporaryFolder('protocol')
  const start = () => startCoordinator({ port: 0, host: '127.0.0.1', dataFolder, token: TOKEN, logLevel: 'info' })
  let coordinator = await start()
  let api = createApiClient(coordinator.url, TOKEN)
  return {
    get url() {
      return coordinator.url
    },
    get api() {
      return api
    },
    async admitted(name, secret = newSecret()) {
      const client = await connectClient(coordinator.url)
      const answer = await client.send(helloOf(name, { token: TOKEN, secret }))
      if (answer.type !== 'welcome') throw new Error(`${name} was not welcomed: ${JSON.stringify(answer)}`)
      return client
    },
    startRun: ({ total, clients, attempts = 3 }, spec = {}) =>
      api.createRun({
        name: 'protocol',
        model: MODEL,
        targets: ['q_proj'],
        adapter: { method: 'lora-sb', rank: 4, initialStep: 0 },
        initialisation: { name: 'weights' },
        rounds: { total, cohort: { size: clients, quorum: clients }, attempts },
        ...spec,
      }),
    async phase(runId, phase) {
      for (;;) {
        const run = await api.run(runId)
        if (run.phase === phase) return
        if (['finished', 'abandoned', 'paused'].includes(run.phase)) {
          throw new Error(`the run is ${run.phase}, not ${phase}: ${run.message}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    },
    async restart() {
      await coordinator.stop()
      coordinator = await start()
      api = createApiClient(coordinator.url, TOKEN)
    },
    async stop() {
      await coordinator.stop()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}
