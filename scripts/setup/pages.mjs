import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fingerprint, markBuiltFrom, wasBuiltFrom } from './fingerprint.mjs'
import { ROOT, runQuietly } from './step.mjs'

/** The Vite build of every app that has one, when its sources or those of the rooms it imports have changed since. */
export async function buildPages() {
  const apps = readdirSync(join(ROOT, 'apps')).filter((app) => existsSync(join(ROOT, 'apps', app, 'vite.config.ts')))
  const built = []
  for (const app of apps) if (await buildPage(`apps/${app}`)) built.push(app)
  if (apps.length === 0) return 'none to build'
  return built.length === 0 ? 'up to date' : `built ${built.join(', ')}`
}

/** @param {string} app */
async function buildPage(app) {
  const own = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((name) => `${app}/${name}`)
  const inputs = fingerprint([...own, ...roomsBelow(app).map((room) => `${room}/src`), 'package-lock.json'])
  const output = `${app}/dist`
  if (wasBuiltFrom(output, inputs)) return false
  await runQuietly(process.execPath, [viteOf(app), 'build', '--logLevel', 'warn'], { cwd: join(ROOT, app) })
  markBuiltFrom(output, inputs)
  return true
}

/**
 * The app's own Vite: npm may have put another version of it, for another package, at the root.
 *
 * @param {string} app
 */
function viteOf(app) {
  return join(dirname(createRequire(join(ROOT, app, 'package.json')).resolve('vite/package.json')), 'bin/vite.js')
}

/**
 * The folders of the workspace packages that a room depends on, directly or not.
 *
 * @param {string} room
 * @param {Set<string>} [seen]
 */
function roomsBelow(room, seen = new Set()) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, room, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies).filter((name) => name.startsWith('@tessera/'))) {
    const below = ['packages', 'apps']
      .map((kind) => name.replace('@tessera', kind))
      .find((path) => existsSync(join(ROOT, path)))
    if (below === undefined || seen.has(below)) continue
    seen.add(below)
    roomsBelow(below, seen)
  }
  return [...seen].sort()
}
