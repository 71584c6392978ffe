import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository, so that every script works from any folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Run one step of the set-up and say in one line what it did and how long it took.
 *
 * @param {string} name
 * @param {() => Promise<string>} action Resolves to what was done, in a word or two.
 */
export async function step(name, action) {
  const start = performance.now()
  process.stderr.write(`set-up: ${name} … `)
  try {
    const done = await action()
    process.stderr.write(`${done}, ${seconds(start)} s\n`)
  } catch (error) {
    process.stderr.write(`failed, ${seconds(start)} s\n`)
    throw error
  }
}

/** @param {number} start */
function seconds(start) {
  return ((performance.now() - start) / 1000).toFixed(1)
}

/**
 * Run a program quietly; its output is shown only when it fails.
 *
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, shell?: boolean }} [options]
 * @returns {Promise<void>}
 */
export function runQuietly(file, args, { cwd = ROOT, env = {}, timeoutMs, shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      shell,
    })
    let output = ''
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve()
      reject(new Error(`${[file, ...args].join(' ')}: ${signal ?? `exit code ${code}`}\n${output.trim()}`))
    })
  })
}
