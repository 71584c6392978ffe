import { readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FedError } from '@tessera/vocabulary'
import { processMark } from './process-mark.ts'

/** How long a coordinator that was killed a moment ago may still be dying. */
const WAIT_MS = 1_000
const POLL_MS = 50

/**
 * Make this process the only coordinator on a data folder, through the file `coordinator.pid` in it. A file that a
 * killed coordinator left behind is taken over.
 *
 * @returns Gives the folder back.
 * @throws {FedError} 'data-folder-in-use'
 */
export async function lockDataFolder(dataFolder: string): Promise<() => Promise<void>> {
  const path = join(dataFolder, 'coordinator.pid')
  const own = `${process.pid} ${await processMark(process.pid)}`
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      await writeFile(path, own, { flag: 'wx', mode: 0o600 })
      return () => unlink(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      await removeStale(path, dataFolder).catch(async (refused: unknown) => {
        if (waitedMs >= WAIT_MS) throw refused
        await sleep(POLL_MS)
      })
    }
  }
}

/** The rename decides between two that see the same stale file: one of them moves it, the other finds another or none. */
async function removeStale(path: string, dataFolder: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => '')
  const [pid = '', ...mark] = found.split(' ')
  if ((await processMark(Number(pid))) === mark.join(' ')) throw inUse(dataFolder, pid)
  const aside = `${path}.${process.pid}`
  await rename(path, aside).catch(() => undefined)
  const moved = await readFile(aside, 'utf8').catch(() => '')
  if (moved !== '' && moved !== found) {
    await rename(aside, path)
    throw inUse(dataFolder, moved.split(' ')[0] ?? '')
  }
  await unlink(aside).catch(() => undefined)
}

function inUse(dataFolder: string, pid: string): FedError {
  return new FedError(
    'data-folder-in-use',
    `the data folder ${dataFolder} is used by the coordinator with process id ${pid}`,
    {
      fix: 'Stop that coordinator first, or give this one a data folder of its own.',
    },
  )
}
