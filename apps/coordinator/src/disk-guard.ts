import type { Log } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import { freeBytes } from './store/free-space.ts'

/** Room for what is under way when the runs are paused: their last events, and the server's own files. */
export const DISK_RESERVE_BYTES = 256 * 1024 * 1024
/** Runs go on with a quarter more than the reserve, so that they do not stop and go around one value. */
const RESUME_FACTOR = 1.25
const EVERY_MS = 1_000

export interface DiskGuardOptions {
  /** A folder on the disk. */
  readonly folder: string
  /** Runs pause while less than this is free. */
  readonly reserveBytes?: number | undefined
  readonly log: Log
  /** Measures the free bytes of the disk that a folder is on. */
  readonly measure?: ((folder: string) => Promise<number>) | undefined
  readonly everyMs?: number
}

export interface DiskGuard {
  /** What to answer to who brings so many bytes to store; null while there is room for them beside the reserve. */
  refusal(bytes: number): FedError | null
  /**
   * Watch from now on.
   *
   * @param full Called with the reason as long as the disk is full: a run that was made meanwhile is to be paused too.
   * @param room Called when there is room at the start, and when there is room again.
   */
  watch(on: { full: (reason: string) => Promise<void>; room: () => Promise<void> }): void
  stop(): void
}

/** Pauses runs before the disk of the embedded database is full, so that their events can still be written. */
export function createDiskGuard({
  folder,
  reserveBytes = DISK_RESERVE_BYTES,
  log,
  measure = freeBytes,
  everyMs = EVERY_MS,
}: DiskGuardOptions): DiskGuard {
  let full: FedError | null = null
  let lastFree = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  return {
    refusal(bytes) {
      if (full !== null || bytes <= lastFree - reserveBytes) return full
      return diskFull(lastFree, reserveBytes, bytes)
    },
    watch(on) {
      let seen: 'full' | 'room' | null = null
      const look = async (): Promise<void> => {
        const free = await measure(folder)
        const isFull = free < (seen === 'full' ? RESUME_FACTOR * reserveBytes : reserveBytes)
        const error = diskFull(free, reserveBytes)
        full = isFull ? error : null
        lastFree = free
        if (isFull) {
          if (seen !== 'full') log.warn(`${error.message}: runs pause`, { folder, free })
          seen = 'full'
          await on.full(error.message)
        } else if (seen !== 'room') {
          await on.room()
          if (seen === 'full') log.info('there is room on the disk again: runs go on', { folder, free })
          seen = 'room'
        }
      }
      const repeat = (): void => {
        look()
          .catch((error: unknown) => log.warn('the free space of the disk is not known', { folder, error }))
          .finally(() => {
            if (!stopped) timer = setTimeout(repeat, everyMs)
          })
      }
      repeat()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

function diskFull(free: number, reserveBytes: number, bringing = 0): FedError {
  const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`
  const brought = bringing === 0 ? '' : `: no room for ${mebibytes(bringing)}`
  return new FedError(
    'disk-full',
    `only ${mebibytes(free)} of the disk are free, ${mebibytes(reserveBytes)} are kept${brought}`,
    {
      fix: 'Make room on the disk of the coordinator: runs go on by themselves. See --disk-reserve.',
    },
  )
}
