import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runQuietly } from './step.mjs'

/** @typedef {{ version?: string, integrity?: string, link?: boolean, resolved?: string, optional?: boolean, peer?: boolean }} Locked */

/** `npm ci`, when what is installed is not what the lockfile says. */
export async function installDependencies() {
  const installed = join(ROOT, 'node_modules/.package-lock.json')
  if (existsSync(installed) && isInstalled(packagesOf(join(ROOT, 'package-lock.json')), packagesOf(installed))) {
    return 'up to date'
  }
  // The npm that runs this script, if any, is asked again; `--include=dev` because NODE_ENV may say otherwise.
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  if (npm?.endsWith('.js')) await runQuietly(process.execPath, [npm, ...args])
  else await runQuietly('npm', args, { shell: process.platform === 'win32' })
  return 'installed by npm ci'
}

/**
 * Whether npm's record of an installation holds every package of the lockfile. Content decides, not the time of the
 * files: a checkout or a copy gives them any time. Optional packages may be absent (they are for other platforms).
 *
 * @param {Record<string, Locked>} wanted
 * @param {Record<string, Locked>} present
 */
export function isInstalled(wanted, present) {
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.includes('node_modules/')) return true
    const have = present[path]
    if (have === undefined) return want.optional === true
    if (want.link) return have.link === true && have.resolved === want.resolved
    return have.version === want.version && have.integrity === want.integrity
  })
}

/**
 * @param {string} lockfile
 * @returns {Record<string, Locked>}
 */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages
}
