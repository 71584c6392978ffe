import { statfs } from 'node:fs/promises'

/** Bytes that the owner of a folder's files may still write. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
