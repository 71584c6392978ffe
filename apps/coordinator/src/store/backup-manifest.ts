import { z } from 'zod'

/** What a backup says of itself; the last entry of its archive. */
export const backupManifest = z.strictObject({
  format: z.literal(1),
  product: z.literal('tessera'),
  /** The version that wrote it. */
  version: z.string(),
  createdAt: z.iso.datetime(),
  /** The migrations that the database had, oldest first. */
  migrations: z.array(z.string()).nonempty(),
  /** In an order in which no row comes before one that it refers to. */
  tables: z.array(
    z.strictObject({
      name: z.string().regex(/^\w+$/),
      columns: z.array(z.string().regex(/^\w+$/)).nonempty(),
      rows: z.int().nonnegative(),
      /** Its rows in PostgreSQL's text format of COPY, cut into files of the archive. */
      parts: z.array(
        z.strictObject({ name: z.string(), bytes: z.int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      ),
    }),
  ),
})

export type BackupManifest = z.infer<typeof backupManifest>
export type BackupTable = BackupManifest['tables'][number]
export type BackupPart = BackupTable['parts'][number]

/** Told of how much is done, of how much in all. */
export type BackupProgress = (done: number, of: number) => void
