import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installDebianPackage } from './setup/debian-package.mjs'

/** Where Debian keeps its servers, a folder a version. */
const DEBIAN = '/usr/lib/postgresql'

/**
 * The folder of the system's PostgreSQL programs: POSTGRES_BIN, else Debian's newest, else one of the PATH.
 *
 * @param {{ env?: Record<string, string | undefined>, debian?: string }} [places]
 * @returns {string | undefined}
 * @throws {Error} POSTGRES_BIN holds no server that starts: another one would not be what was asked for.
 */
export function findPostgres({ env = process.env, debian = DEBIAN } = {}) {
  const asked = env.POSTGRES_BIN
  if (asked) {
    if (starts(asked)) return asked
    throw new Error(
      `POSTGRES_BIN is ${asked}, where no PostgreSQL starts. Correct it, or unset it to have one looked for.`,
    )
  }
  const onPath = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...versionsIn(debian), ...onPath].find(starts)
}

/**
 * The same, and if there is none, Debian's package, as root.
 *
 * @returns {Promise<string>}
 * @throws {Error} None could be had; the message says what to install.
 */
export async function ensurePostgres() {
  const found = findPostgres()
  if (found) return found
  let tried = ''
  try {
    await installDebianPackage('postgresql')
  } catch (error) {
    tried = `${error instanceof Error ? error.message : error}\n`
  }
  const installed = findPostgres()
  if (installed) return installed
  throw new Error(
    `${tried}The services tests need a PostgreSQL server of the system, and none was found or could be installed. ` +
      "Install Debian's or your system's package `postgresql`, or set POSTGRES_BIN to the folder of its programs.",
  )
}

/**
 * Its programs of all versions, the newest first.
 *
 * @param {string} folder
 */
function versionsIn(folder) {
  if (!existsSync(folder)) return []
  const versions = readdirSync(folder).filter((name) => /^\d+$/.test(name))
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(folder, version, 'bin'))
}

/** @param {string} folder */
function starts(folder) {
  return ['postgres', 'initdb'].every(
    (program) => spawnSync(join(folder, program), ['--version'], { timeout: 20_000 }).status === 0,
  )
}
