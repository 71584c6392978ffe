import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The token that admits workers and lets people steer: the one given, or one made once and kept in the data folder. */
export async function accessToken(dataFolder: string, given: string | undefined): Promise<string> {
  const path = join(dataFolder, 'token')
  if (given === undefined) {
    const kept = await readFile(path, 'utf8').catch(() => '')
    if (kept.trim() !== '') return kept.trim()
  }
  const token = given ?? randomBytes(18).toString('base64url')
  await mkdir(dataFolder, { recursive: true })
  await writeFile(path, `${token}\n`, { mode: 0o600 })
  return token
}
