import { execFile } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../temporary-folder.ts'

const run = promisify(execFile)
const MIB = 2 ** 20
const SIZE_MIB = 256

/** A disk that a test may fill. */
export interface SmallDisk {
  readonly folder: string
  /** Whether it is a file system of its own; if not, how full it is, is what the test says. */
  readonly isReal: boolean
  /** What is free on it. */
  freeBytes(): Promise<number>
  /** Leave only so much of it. */
  fill(leaveMiB: number): Promise<void>
  /** Take back what filled it. */
  clear(): Promise<void>
  remove(): Promise<void>
}

/** A file system in memory where one may be mounted, as root can on most machines; elsewhere only its numbers. */
export async function createSmallDisk(): Promise<SmallDisk> {
  const folder = await temporaryFolder('small-disk')
  const isReal = await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=755`, 'tessera-test', folder]).then(
    () => true,
    () => false,
  )
  const ballast = join(folder, 'ballast')
  let said = SIZE_MIB * MIB
  const freeBytes = async (): Promise<number> => {
    if (!isReal) return said
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  }
  return {
    folder,
    isReal,
    freeBytes,
    async fill(leaveMiB) {
      const size = Math.max(0, (await freeBytes()) - leaveMiB * MIB)
      // What else is written there at the same time may leave less room than that: the disk is as full then.
      if (isReal) await writeFile(ballast, Buffer.alloc(size)).catch(() => undefined)
      said = leaveMiB * MIB
    },
    async clear() {
      await rm(ballast, { force: true })
      said = SIZE_MIB * MIB
    },
    async remove() {
      if (isReal) await run('umount', ['--lazy', folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
