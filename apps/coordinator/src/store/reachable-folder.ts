import { createHash } from 'node:crypto'
import { chmod, chown, cp, lstat, mkdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Account } from './postgres-account.ts'

/** Where the database's own user can always go, while root's home is closed to it. */
const SHARED = '/var/lib/tessera'

/**
 * A folder that the account can enter, under the path that was asked for: the folder itself, or a link from there to a
 * place below /var/lib/tessera when one of the folders above it is closed to the account.
 */
export async function reachableFolder(folder: string, account: Account): Promise<string> {
  const linked = await readlink(folder).catch(() => null)
  if (linked !== null) return linked
  if ((await exists(folder)) || account.uid === undefined) return folder
  await openTo(account, dirname(folder))
  if (await isOpen(dirname(dirname(folder)))) return folder
  const place = join(SHARED, `${basename(folder)}-${fingerprint(folder)}`)
  await mkdir(SHARED, { recursive: true, mode: 0o755 })
  await symlink(place, folder)
  return place
}

/** A copy of the programs where the account can read them, unless it can where they are. */
export async function reachablePrograms(native: string, account: Account): Promise<string> {
  if (account.uid === undefined || (await isOpen(native))) return native
  const place = join(SHARED, `programs-${fingerprint(native)}`)
  if (await exists(place)) return place
  const partial = `${place}.${process.pid}`
  await mkdir(SHARED, { recursive: true, mode: 0o755 })
  await cp(native, partial, { recursive: true, verbatimSymlinks: true })
  await rename(partial, place).catch(() => rm(partial, { recursive: true }))
  return place
}

/** Let the account's group, and nobody else, pass through the data folder; its files stay as closed as they are. */
async function openTo({ gid }: Account, dataFolder: string): Promise<void> {
  const { mode, uid } = await stat(dataFolder)
  if ((mode & 0o001) !== 0 || gid === undefined) return
  await chown(dataFolder, uid, gid)
  await chmod(dataFolder, mode | 0o010)
}

/** Make an empty folder that belongs to the account. */
export async function makeFolder(folder: string, { uid, gid }: Account): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid)
}

export function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Whether everybody may enter this folder and all above it. */
async function isOpen(folder: string): Promise<boolean> {
  const { mode } = await stat(folder)
  if ((mode & 0o001) === 0) return false
  return dirname(folder) === folder || isOpen(dirname(folder))
}

const fingerprint = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 16)
