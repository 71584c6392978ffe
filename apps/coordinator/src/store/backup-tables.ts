import type pg from 'pg'
import { readMigrations } from './migration-folder.ts'

/** A table with the columns that are stored. */
export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
}

/** The SQL of a migration of this version. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

/** All migrations of this version, oldest first. */
export async function migrationScripts(): Promise<Migration[]> {
  const { migrationDirectories } = await readMigrations()
  return migrationDirectories.map(({ path, migrationFile: { content } }) => {
    if (content.tag !== 'ok') throw new Error(`the migration ${path} can not be read`)
    return { name: path, sql: content.value }
  })
}

/** Names of all tables, or types, that migrations ever made: what belongs to us in a schema. */
export function madeBy(migrations: readonly Migration[], what: 'TABLE' | 'TYPE'): string[] {
  const pattern = new RegExp(`^CREATE ${what} "(\\w+)"`, 'gm')
  return migrations.flatMap(({ sql }) => [...sql.matchAll(pattern)].map(([, name]) => name as string))
}

/** Those of the tables that there are, in an order in which no row comes before one that it refers to. */
export async function readTables(client: pg.Client, names: readonly string[]): Promise<TableShape[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; parents: string[] }>(TABLES, [names])
  const tables = new Map(rows.map((row) => [row.name, row]))
  const ordered = new Set<string>()
  const visit = (name: string): void => {
    if (ordered.has(name)) return
    for (const parent of tables.get(name)?.parents ?? []) if (parent !== name) visit(parent)
    ordered.add(name)
  }
  for (const { name } of rows) visit(name)
  return [...ordered].map((name) => ({ name, columns: tables.get(name)?.columns ?? [] }))
}

const TABLES = `
  SELECT c.relname AS name,
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT coalesce(array_agg(DISTINCT p.relname::text), '{}') FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
      WHERE f.conrelid = c.oid AND f.contype = 'f') AS parents
  FROM pg_class c
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname = ANY($1)
  ORDER BY c.relname`

/** `COPY "Run" ("id", "name")`: names of ours are letters only, and quoted because PostgreSQL lowers them. */
export const copyOf = ({ name, columns }: TableShape): string =>
  `COPY "${name}" (${columns.map((column) => `"${column}"`).join(', ')})`
