/**
 * Every check of the repository, each even if one before it failed, then the closing line `N passed, N failed`.
 *
 * Usage: node scripts/test.mjs            lint, types, documentation, and all tests
 *        node scripts/test.mjs --check    the same with the unit tests alone: no browser, no services
 *        node scripts/test.mjs --fuzz     the decoders alone, with a million mutated samples each
 *        node scripts/test.mjs <args>     only vitest, with these arguments
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ensureChromium, findChromium, softwareVulkan } from './chromium.mjs'
import { ensurePostgres } from './postgres.mjs'
import { ROOT, step } from './setup/step.mjs'

const TALLY = join(ROOT, '.cache/tally.json')

const args = process.argv.slice(2)
const quick = args[0] === '--check'
const fuzz = args[0] === '--fuzz'
const FUZZED = ['--testNamePattern', 'the decoder of', 'fuzz', 'codecs.test']
const vitestArgs = quick || fuzz ? ['--project', 'unit', ...(fuzz ? FUZZED : []), ...args.slice(1)] : args
const everything = quick || args.length === 0
const whole = { passed: 0, failed: 0 }

if (everything) {
  await Promise.all([
    check('lint', ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--diagnostic-level=warn', '.']),
    check('types', ['typescript/bin/tsc', '-b']),
    check('documentation', ['typedoc/bin/typedoc', '--emit', 'none', '--logLevel', 'Warn']),
  ])
}
await test()
console.log(`${whole.passed} passed, ${whole.failed} failed`)
process.exitCode = whole.failed === 0 ? 0 : 1

/**
 * Run a program of node_modules; its exit code decides one count. What it says is printed when it ends, so that programs
 * which run side by side do not talk into each other.
 *
 * @param {string} name
 * @param {string[]} command
 */
async function check(name, [program, ...rest]) {
  const start = performance.now()
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', program), ...rest], { cwd: ROOT })
  const [said, complained, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const ok = code === 0
  if (ok) whole.passed += 1
  else whole.failed += 1
  process.stdout.write(said + complained)
  console.log(`${name}: ${ok ? 'passed' : 'FAILED'}, ${((performance.now() - start) / 1000).toFixed(1)} s`)
}

async function test() {
  const env = await testEnvironment()
  if (env === undefined) return
  rmSync(TALLY, { force: true })
  const reporters = ['--reporter=default', `--reporter=${join(ROOT, 'scripts/tally-reporter.mjs')}`]
  const code = run(['vitest/vitest.mjs', 'run', ...reporters, ...vitestArgs], { ...env, TESSERA_TALLY: TALLY })
  const tally = existsSync(TALLY) ? JSON.parse(readFileSync(TALLY, 'utf8')) : { passed: 0, failed: 0, skipped: [] }
  // Nothing is skipped silently; with arguments, what they leave out is no news.
  if (everything) for (const name of tally.skipped) console.log(`skipped: ${name}`)
  whole.passed += tally.passed
  // A crash, or no test at all, is a failure that no test stands for.
  whole.failed += tally.failed === 0 && code !== 0 ? 1 : tally.failed
}

/**
 * What the tests inherit: which Chromium, and its Vulkan driver, so that WebGPU gives the same numbers on every machine;
 * which PostgreSQL beside the embedded one.
 */
async function testEnvironment() {
  const needed = neededBy(vitestArgs)
  let chromium = /** @type {string | undefined} */ (undefined)
  let postgres = /** @type {string | undefined} */ (undefined)
  try {
    await step('Chromium', async () => {
      chromium = needed.browser ? await ensureChromium() : findChromium()
      return chromium ?? 'none, and none needed'
    })
    await step('PostgreSQL', async () => {
      postgres = needed.services ? await ensurePostgres() : undefined
      return postgres ?? 'none needed'
    })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    whole.failed += 1
    return undefined
  }
  return {
    ...process.env,
    ...(chromium && { CHROMIUM_PATH: chromium }),
    ...(postgres && { POSTGRES_BIN: postgres }),
    ...softwareVulkan(chromium),
    ...(fuzz && { TESSERA_MUTATED_FRAMES: '1000000' }),
  }
}

/**
 * What the chosen projects need of the system: unit tests need nothing, the services a second PostgreSQL.
 *
 * @param {string[]} args
 */
function neededBy(args) {
  const projects = args.flatMap((arg, i) =>
    arg === '--project' ? [args[i + 1]] : (/^--project=(.*)/.exec(arg) ?? []).slice(1),
  )
  return {
    browser: projects.length === 0 || projects.some((project) => project !== 'unit'),
    services: projects.length === 0 || projects.includes('services'),
  }
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 */
function run([program, ...rest], env) {
  const file = join(ROOT, 'node_modules', program)
  return spawnSync(process.execPath, [file, ...rest], { cwd: ROOT, stdio: 'inherit', env }).status
}
