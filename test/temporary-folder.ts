import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A fresh folder that others may pass through: an embedded PostgreSQL that root starts has a user of its own, and would
 * put its cluster elsewhere, and leave it there, if the folder were closed to it.
 */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `tessera-${name}-`))
  await chmod(folder, 0o755)
  return folder
}
