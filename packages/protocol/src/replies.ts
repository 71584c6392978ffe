import { z } from 'zod'
import { blobHashField, blobSizeField, chunkIndexField, clientIdField, timestampField } from './fields.ts'
import { MAX_LISTED_CHUNKS } from './limits.ts'
import { refusal } from './refusal.ts'

export const welcome = z
  .strictObject({
    type: z.literal('welcome'),
    protocol: z.int().min(1).describe('Version of the protocol that both will speak.'),
    clientId: clientIdField.describe('The client that was admitted.'),
    serverTime: timestampField.describe(
      "The coordinator's clock, ms since 1970: what `deadlineAt` is to be compared with.",
    ),
  })
  .describe('The worker is admitted.')

export const chunk = z
  .strictObject({
    type: z.literal('chunk'),
    hash: blobHashField.describe('The blob.'),
    size: blobSizeField.describe('Length of the whole blob, in bytes.'),
    offset: z.int().min(0).describe('Where in the blob the body starts.'),
  })
  .describe('A piece of a blob.')

export const wanted = z
  .strictObject({
    type: z.literal('wanted'),
    hash: blobHashField.describe('The blob.'),
    missing: z
      .array(chunkIndexField)
      .max(MAX_LISTED_CHUNKS)
      .describe(
        'Indexes of missing chunks, ascending; empty when all are here. Offer again after sending a full list.',
      ),
  })
  .describe('What is still missing of a blob.')

export const stored = z
  .strictObject({
    type: z.literal('stored'),
    hash: blobHashField.describe('The blob.'),
    index: chunkIndexField.describe('The chunk that is safe now.'),
    complete: z.boolean().describe('Whether the whole blob is here and has its hash.'),
  })
  .describe('A chunk is stored; storing it again changes nothing.')

export const accepted = z
  .strictObject({
    type: z.literal('accepted'),
    duplicate: z.boolean().describe('true: the message was known already and changed nothing.'),
  })
  .describe('The message was taken.')

export const REPLIES = [welcome, chunk, wanted, stored, accepted, refusal] as const

export const reply = z.discriminatedUnion('type', REPLIES)
export type Reply = z.infer<typeof reply>
