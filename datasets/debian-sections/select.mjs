// Makes train.jsonl, test.jsonl and SHA256SUMS from the full debian-sections set. The rule is in the README.
//   node select.mjs <folder with the full set>
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TEST_ROWS = 2000
const BUCKETS = 15
const KEPT_BUCKETS = 4

/** 32-bit FNV-1a of the UTF-8 bytes. */
function fnv1a(text) {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

const rowsOf = (path) => readFileSync(path, 'utf8').split('\n').filter((line) => line !== '')

const isKept = (line) => fnv1a(JSON.parse(line).source) % BUCKETS < KEPT_BUCKETS

const [full] = process.argv.slice(2)
if (full === undefined) {
  console.error('usage: node select.mjs <folder with the full set>')
  process.exit(5)
}
const selected = {
  'test.jsonl': rowsOf(join(full, 'test.jsonl')).slice(0, TEST_ROWS),
  'train.jsonl': rowsOf(join(full, 'train.jsonl')).filter(isKept),
}
const sums = []
for (const [name, rows] of Object.entries(selected)) {
  const bytes = Buffer.from(`${rows.join('\n')}\n`, 'utf8')
  writeFileSync(join(import.meta.dirname, name), bytes)
  sums.push(`${createHash('sha256').update(bytes).digest('hex')}  ${name}`)
  console.log(`${name}: ${rows.length} rows, ${bytes.length} bytes`)
}
writeFileSync(join(import.meta.dirname, 'SHA256SUMS'), `${sums.join('\n')}\n`)
