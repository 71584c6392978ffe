import { rename, rm, writeFile } from 'node:fs/promises'
import { diskError } from './disk-error.ts'

/**
 * Write a file that is there whole or not at all, also when the process or the machine dies meanwhile: the bytes reach
 * the disk under another name and get their own then. A file has one writer.
 *
 * @throws {FedError} `disk-full`; the old file, if there is one, is as it was.
 */
export async function writeWhole(path: string, content: string | readonly Uint8Array[]): Promise<void> {
  const fresh = `${path}.new`
  try {
    await writeFile(fresh, content, { mode: 0o600, flush: true })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw diskError(error)
  }
}
