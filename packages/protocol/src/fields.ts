import {
  type AssignmentId,
  type BlobHash,
  type ClientId,
  ERROR_CODES,
  type ErrorCode,
  type RunId,
} from '@tessera/vocabulary'
import { z } from 'zod'
import { MAX_BLOB_BYTES } from './limits.ts'

/** A schema of text whose parsed value has a branded type; the brand exists for the compiler only. */
const branded = <Brand extends string>(schema: z.ZodString) => schema as unknown as z.ZodType<Brand, Brand>

const idText = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ -')
  .meta({ title: 'id' })

export const clientIdField = branded<ClientId>(idText)
export const runIdField = branded<RunId>(idText)
/** Longer than the others, so that it may be made of a run's and a client's id. */
export const assignmentIdField = branded<AssignmentId>(
  z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,160}$/, 'must be 1 to 160 of the characters A-Z a-z 0-9 . _ -')
    .meta({ title: 'assignment id' }),
)
export const blobHashField = branded<BlobHash>(
  z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 lower-case hexadecimal digits')
    .meta({ title: 'hash' }),
)
export const errorCodeField = z
  .enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]])
  .meta({ title: 'error code' })

export const blobSizeField = z.int().min(1).max(MAX_BLOB_BYTES).meta({ title: 'size' })
export const chunkIndexField = z.int().min(0)
export const countField = z.int().min(1)
/** Milliseconds since 1970-01-01T00:00:00Z by the coordinator's clock. */
export const timestampField = z.int().min(0).meta({ title: 'time' })

/** A file's place below a model folder. Segments never start with a dot, so no path leads out of the folder. */
export const modelPathField = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, 'must be a plain relative path')
  .meta({ title: 'path' })

/** A pair of a round and the work in it: every message about one assignment carries all three. */
export const assignmentFields = {
  runId: runIdField.describe('The run.'),
  round: z.int().min(0).describe('The round; 0 while the run prepares its frozen factors.'),
  assignmentId: assignmentIdField.describe('The assignment; the same id in every message about it.'),
}
