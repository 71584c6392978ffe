import { createHash } from 'node:crypto'
import { decodeCoordinates, encodeCoordinates, type Residual } from '@tessera/federation'
import { type Assignment, type MessageOf, workerMessage } from '@tessera/protocol'
import type { BlobHash } from '@tessera/vocabulary'
import { z } from 'zod'
import { parseJson } from './parse-json.ts'

/** The result of an assignment, ready to be sent. */
export interface FinishedWork {
  /** What it was made from: the same assignment from other coordinates, or another residual, is other work. */
  readonly from: Pick<Assignment, 'artefact' | 'coordinates' | 'baseChange'> & { readonly residual: BlobHash | null }
  readonly message: MessageOf<'update'>
  /** The encoded update. */
  readonly bytes: Uint8Array
  /** What it leaves for the next one, once it is taken; null where nothing is fed back. */
  readonly residual: Residual | null
}

const hash = z.string().nullable() as unknown as z.ZodType<BlobHash | null>
/** What is said of a residual. It is read also where the message is of another version of the protocol. */
const told = z.object({
  residual: z
    .strictObject({
      ...{ runId: z.string(), clientId: z.string(), artefact: z.string(), layout: z.string() },
      length: z.int().nonnegative(),
    })
    .nullable(),
})
const header = told.extend({
  from: z.strictObject({ artefact: hash, coordinates: hash, baseChange: hash, residual: hash }),
  message: workerMessage.refine(({ type }) => type === 'update'),
})

const NEWLINE = 10

/**
 * As a file: the SHA-256 of all that follows, a newline; the message, its origin and the place of its residual as JSON, a
 * newline; the residual as little-endian float32; the bytes.
 */
export function encodeFinishedWork({ from, message, bytes, residual }: FinishedWork): readonly Uint8Array[] {
  const { values, ...place } = residual ?? { values: new Float32Array(0) }
  const placed = residual && { ...place, length: values.length }
  const head = Buffer.from(`${JSON.stringify({ from, message, residual: placed })}\n`)
  const content = [head, encodeCoordinates(values), bytes]
  return [Buffer.from(`${digestOf(content)}\n`), ...content]
}

/** What such a file holds; null when it is torn, altered, of another version of the protocol or something else. */
export function decodeFinishedWork(file: Buffer): FinishedWork | null {
  const opened = openFile(file)
  const parsed = header.safeParse(opened?.head)
  const residual = opened && residualIn(opened)
  if (opened === null || residual === undefined || !parsed.success) return null
  const { from, message } = parsed.data as Omit<FinishedWork, 'bytes' | 'residual'>
  return { from, message, bytes: opened.body.subarray(4 * (residual?.values.length ?? 0)), residual }
}

/** The residual in such a file, of this version of the protocol or of an earlier one; null as above, or for none. */
export function decodeResidual(file: Buffer): Residual | null {
  const opened = openFile(file)
  return (opened && residualIn(opened)) ?? null
}

interface OpenedFile {
  readonly head: unknown
  readonly body: Uint8Array
}

function openFile(file: Buffer): OpenedFile | null {
  const start = file.indexOf(NEWLINE) + 1
  const end = file.indexOf(NEWLINE, start)
  if (start === 0 || end < 0 || digestOf([file.subarray(start)]) !== file.toString('latin1', 0, start - 1)) return null
  const body = new Uint8Array(file.buffer, file.byteOffset + end + 1, file.length - end - 1)
  return { head: parseJson(file.toString('utf8', start, end)), body }
}

/** Undefined where it can not be read. */
function residualIn({ head, body }: OpenedFile): Residual | null | undefined {
  const parsed = told.safeParse(head)
  if (!parsed.success) return undefined
  if (parsed.data.residual === null) return null
  const { length, ...place } = parsed.data.residual
  const values = decodeCoordinates(body.subarray(0, 4 * length), length)
  return values.ok ? ({ ...place, values: values.value } as Residual) : undefined
}

/** Names a residual: the SHA-256 of its values. */
export const residualHash = (residual: Residual | null): BlobHash | null =>
  residual && (digestOf([encodeCoordinates(residual.values)]) as BlobHash)

function digestOf(parts: readonly Uint8Array[]): string {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest('hex')
}
