import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, markBuiltFrom, wasBuiltFrom } from './fingerprint.mjs'
import { ROOT, runQuietly } from './step.mjs'

const SCHEMA = 'prisma/schema.prisma'
const CLI = 'node_modules/prisma/build/index.js'

/** `prisma generate`, when the schema or Prisma itself has changed since. */
export async function generatePrismaClient() {
  const path = join(ROOT, SCHEMA)
  if (!existsSync(path)) return 'no schema'
  const output = outputOf(readFileSync(path, 'utf8'))
  const inputs = fingerprint([SCHEMA, 'prisma.config.ts', 'node_modules/prisma/package.json'])
  if (wasBuiltFrom(output, inputs)) return 'up to date'
  await runQuietly(process.execPath, [join(ROOT, CLI), 'generate', '--schema', SCHEMA, '--no-hints'], {
    // Generating needs no schema engine, but Prisma downloads one unless it is shown an executable.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  })
  markBuiltFrom(output, inputs)
  return 'generated'
}

/**
 * The folder that a schema's generator writes to, relative to the root.
 *
 * @param {string} schema
 */
export function outputOf(schema) {
  const generator = /generator\s+\w+\s*\{[^}]*\}/.exec(schema)?.[0] ?? ''
  return join('prisma', /^\s*output\s*=\s*"([^"]+)"/m.exec(generator)?.[1] ?? 'generated')
}
