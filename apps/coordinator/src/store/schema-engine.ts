import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import pg from 'pg'

const MODULE = '@prisma/schema-engine-wasm/schema_engine_bg'
const NO_FILTER = { externalTables: [], externalEnums: [] }

type EngineModule = typeof import('@prisma/schema-engine-wasm') & { __wbg_set_wasm(exports: WebAssembly.Exports): void }

let loaded: Promise<EngineModule> | null = null

/**
 * Prisma's own schema engine, from npm and not as a download: it makes migrations and applies them.
 *
 * @param url The database it works on.
 * @param schema Text of the schema that the database should come to have.
 */
export async function withSchemaEngine<T>(
  { url, schema }: { url: string; schema: string },
  use: (engine: SchemaEngine, filters: typeof NO_FILTER) => Promise<T>,
): Promise<T> {
  loaded ??= loadModule()
  const module = await loaded
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool))
  const engine = await module.SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => undefined, adapter)
  try {
    return await use(engine, NO_FILTER)
  } finally {
    engine.free()
    await pool.end()
  }
}

/** What a bundler would do with the package: it imports a .wasm file as a module, which Node does not. */
async function loadModule(): Promise<EngineModule> {
  const path = createRequire(import.meta.url).resolve(MODULE)
  const engine = (await import(MODULE)) as EngineModule
  const bytes = await readFile(join(dirname(path), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engine as never })
  engine.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  return engine
}
