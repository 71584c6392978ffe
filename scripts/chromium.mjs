import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { installDebianPackage } from './setup/debian-package.mjs'
import { ROOT, runQuietly } from './setup/step.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const DOWNLOAD_TIMEOUT_MS = 90_000

/**
 * A Chromium that starts: from CHROMIUM_PATH, else from the PATH, else from Playwright's cache.
 *
 * @param {Record<string, string | undefined>} [env]
 * @returns {string | undefined}
 * @throws {Error} CHROMIUM_PATH is set, but is not a browser that starts: another one would not be what was asked for.
 */
export function findChromium(env = process.env) {
  const asked = env.CHROMIUM_PATH
  if (asked) {
    if (starts(asked)) return asked
    throw new Error(`CHROMIUM_PATH is ${asked}, which does not start. Correct it, or unset it to have one looked for.`)
  }
  return [...onPath(env), ...inPlaywrightCache(env)].find(starts)
}

/**
 * The same, and if there is none, Playwright's download, else (as root, with apt-get) Debian's package.
 *
 * @returns {Promise<string>}
 * @throws {Error} None could be had; the message says what to install.
 */
export async function ensureChromium() {
  const found = findChromium()
  if (found) return found
  const tried = []
  for (const install of [downloadByPlaywright, () => installDebianPackage('chromium')]) {
    try {
      await install()
    } catch (error) {
      tried.push(error instanceof Error ? error.message : String(error))
    }
    const installed = findChromium()
    if (installed) return installed
  }
  throw new Error(
    `${tried.join('\n')}\nThe browser tests need Chromium, and none was found or could be installed. Install Debian's or ` +
      "your system's package `chromium` (or Google Chrome), or set CHROMIUM_PATH to a Chromium executable.",
  )
}

/**
 * The Vulkan driver that runs on the CPU and comes with Chromium: its manifest, for VK_ICD_FILENAMES.
 *
 * @param {string} [chromium]
 * @returns {string | undefined}
 */
export function findSwiftShader(chromium = findChromium()) {
  const beside = chromium && existsSync(chromium) ? [dirname(realpathSync(chromium))] : []
  return [...beside, '/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((manifest) => existsSync(manifest))
}

/**
 * The environment in which WebGPU in Node runs on SwiftShader, the same on every machine, with the Vulkan loader that
 * lies beside it. Empty when VK_ICD_FILENAMES already names a driver, for example a real GPU's, or none was found.
 *
 * @param {string} [chromium]
 * @param {Record<string, string | undefined>} [env]
 * @returns {Record<string, string>}
 */
export function softwareVulkan(chromium, env = process.env) {
  const manifest = env.VK_ICD_FILENAMES === undefined ? findSwiftShader(chromium) : undefined
  if (manifest === undefined) return {}
  const folders = [env.LD_LIBRARY_PATH, dirname(manifest)].filter((folder) => folder)
  return { VK_ICD_FILENAMES: manifest, LD_LIBRARY_PATH: folders.join(delimiter) }
}

/**
 * Files may be there and not start: a stub that points to a snap, a download without its system libraries.
 *
 * @param {string} file
 */
function starts(file) {
  return existsSync(file) && spawnSync(file, ['--version'], { timeout: 20_000 }).status === 0
}

/** @param {Record<string, string | undefined>} env */
function onPath(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
}

/** @param {Record<string, string | undefined>} env */
function inPlaywrightCache(env) {
  const caches = [
    env.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), '.cache/ms-playwright'),
    join(homedir(), 'Library/Caches/ms-playwright'),
  ]
  return caches
    .filter((cache) => cache !== undefined && existsSync(cache))
    .flatMap((cache) => foldersIn(String(cache), /^chromium-\d+$/).reverse())
    .flatMap((browser) => foldersIn(browser, /^chrome-(linux|mac)/))
    .flatMap((build) => [
      join(build, 'chrome'),
      ...foldersIn(build, /\.app$/).flatMap((app) => [
        join(app, 'Contents/MacOS/Google Chrome for Testing'),
        join(app, 'Contents/MacOS/Chromium'),
      ]),
    ])
}

/**
 * @param {string} folder
 * @param {RegExp} name
 */
function foldersIn(folder, name) {
  return readdirSync(folder)
    .filter((entry) => name.test(entry))
    .sort()
    .map((entry) => join(folder, entry))
}

function downloadByPlaywright() {
  const cli = join(ROOT, 'node_modules/playwright-core/cli.js')
  return runQuietly(process.execPath, [cli, 'install', 'chromium'], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' },
  })
}
