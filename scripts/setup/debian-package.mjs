import { existsSync } from 'node:fs'
import { runQuietly } from './step.mjs'

/**
 * Install one of Debian's packages; nothing happens where that is not possible: without apt-get, or not as root.
 *
 * @param {string} name
 */
export async function installDebianPackage(name) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=120']
  await runQuietly('apt-get', [...wait, 'update'], { env })
  await runQuietly('apt-get', [...wait, 'install', '-y', '--no-install-recommends', name], { env })
}
