import type { Engine } from '@tessera/federation'
import { err, type FedError } from '@tessera/vocabulary'
import { createDiskGuard, type DiskGuardOptions } from './disk-guard.ts'
import type { GatewayStore } from './socket/gateway-store.ts'
import type { Database } from './store/database.ts'

const SWEEP_EVERY_MS = 60 * 60 * 1000

export interface Housekeeping {
  /** What workers bring is refused while the disk is full. */
  readonly gateway: GatewayStore
  /** Why so many bytes more can not be kept; null for a database of one's own, whose disk nobody here can measure. */
  noRoomFor(bytes: number): FedError | null
  /** Begin, once the runs are taken up. */
  begin(engine: Engine): void
  stop(): void
}

/** What a coordinator does beside its runs: it keeps its disk from running full, and removes abandoned uploads. */
export function createHousekeeping(database: Database, options: Omit<DiskGuardOptions, 'folder'>): Housekeeping {
  const { folder, gateway } = database
  const { log } = options
  const guard = folder === null ? null : createDiskGuard({ ...options, folder })
  const failed = (error: unknown): void => log.warn('housekeeping failed, and is done again later', { error })
  let timer: NodeJS.Timeout | undefined
  const sweep = (): void => {
    database
      .sweepUploads(Date.now())
      .then((count) => {
        if (count > 0) log.info(`${count} abandoned uploads are removed`)
      })
      .catch(failed)
  }
  return {
    gateway: {
      ...gateway,
      storeChunk: async (blob, index, bytes) => {
        const refusal = guard?.refusal(0) ?? null
        return refusal === null ? gateway.storeChunk(blob, index, bytes) : err(refusal)
      },
    },
    noRoomFor: (bytes) => guard?.refusal(bytes) ?? null,
    begin(engine) {
      const room = () => engine.resumeAll('disk-full')
      if (guard === null) room().catch(failed)
      else guard.watch({ room, full: (reason) => engine.pauseAll('disk-full', reason) })
      timer = setInterval(sweep, SWEEP_EVERY_MS)
      sweep()
    },
    stop() {
      guard?.stop()
      clearInterval(timer)
    },
  }
}
