import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './step.mjs'

const STAMP = '.built-from'

/**
 * SHA-256 over the names and contents of files and of everything in folders, given relative to the root. What does not
 * exist is part of the fingerprint too; tests are not.
 *
 * @param {string[]} inputs
 */
export function fingerprint(inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    for (const file of filesOf(input))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(ROOT, file)))
        .update('\0')
    hash.update(`${input}\0`)
  }
  return hash.digest('hex')
}

/**
 * Whether `folder` was built from inputs with this fingerprint. The stamp lies in the folder itself, so that deleting
 * the one deletes the other.
 *
 * @param {string} folder
 * @param {string} inputs
 */
export function wasBuiltFrom(folder, inputs) {
  const stamp = join(ROOT, folder, STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs
}

/**
 * @param {string} folder
 * @param {string} inputs
 */
export function markBuiltFrom(folder, inputs) {
  mkdirSync(join(ROOT, folder), { recursive: true })
  writeFileSync(join(ROOT, folder, STAMP), inputs)
}

/**
 * @param {string} input
 * @returns {string[]}
 */
function filesOf(input) {
  const path = join(ROOT, input)
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [input]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort()
}
