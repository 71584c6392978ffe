import { z } from 'zod'
import {
  assignmentFields,
  blobHashField,
  blobSizeField,
  chunkIndexField,
  clientIdField,
  countField,
  errorCodeField,
} from './fields.ts'
import { MAX_FETCH_BYTES } from './limits.ts'

export const hello = z
  .strictObject({
    type: z.literal('hello'),
    protocol: z.int().min(1).describe('Version of the protocol that the worker speaks.'),
    token: z.string().max(512).describe('Admits the worker; empty where the coordinator asks for none.'),
    clientId: clientIdField.describe('The client that this worker trains for; stable across restarts.'),
    clientSecret: z
      .string()
      .min(16)
      .max(256)
      .describe("The worker's own random key: it proves that a returning client is the same one."),
    examples: countField.describe("Number of the client's training examples."),
    device: z.string().min(1).max(200).describe('What the worker computes on, for people.'),
    software: z.string().min(1).max(200).describe('Name and version of the worker program, for people.'),
  })
  .describe('Introduces the worker; always the first message of a connection.')

export const fetchBlob = z
  .strictObject({
    type: z.literal('fetch-blob'),
    hash: blobHashField.describe('The blob.'),
    offset: z.int().min(0).describe('First byte wanted.'),
    length: z.int().min(1).max(MAX_FETCH_BYTES).describe('Number of bytes wanted; fewer come at the end of the blob.'),
  })
  .describe('Asks for a piece of a blob.')

export const offerBlob = z
  .strictObject({
    type: z.literal('offer-blob'),
    hash: blobHashField.describe('SHA-256 of the whole blob.'),
    size: blobSizeField.describe('Length of the whole blob, in bytes.'),
  })
  .describe('Offers a blob for upload, or asks what is still missing of one.')

export const storeChunk = z
  .strictObject({
    type: z.literal('store-chunk'),
    hash: blobHashField.describe('SHA-256 of the whole blob.'),
    size: blobSizeField.describe('Length of the whole blob, in bytes.'),
    index: chunkIndexField.describe('Which chunk the body is, from 0.'),
  })
  .describe('Uploads one chunk of a blob.')

export const progress = z
  .strictObject({
    type: z.literal('progress'),
    ...assignmentFields,
    step: z.int().min(0).describe('Local steps done.'),
    steps: countField.describe('Local steps to do in all.'),
    loss: z.number().nullable().describe('Mean training loss of the last steps; null before the first one.'),
  })
  .describe('Tells how far local training is; may be lost without harm.')

export const update = z
  .strictObject({
    type: z.literal('update'),
    ...assignmentFields,
    weight: countField.describe('How much the update counts, normally the number of examples trained on.'),
    codec: z.string().min(1).max(64).describe("Name of the codec that encoded the update; its options are the run's."),
    length: countField.describe('Number of coordinates.'),
    blob: blobHashField
      .nullable()
      .describe(
        'The blob as which the encoded update was uploaded; null: it is the body, and named by its own SHA-256.',
      ),
    metrics: z.record(z.string().min(1).max(64), z.number()).describe("The worker's finite measurements by name."),
  })
  .describe('Hands in the result of an assignment: trained minus received coordinates, encoded.')

export const decline = z
  .strictObject({
    type: z.literal('decline'),
    ...assignmentFields,
    code: errorCodeField.describe('Why.'),
    message: z.string().max(2000).describe('One public sentence for people.'),
  })
  .describe('Gives an assignment back undone.')

export const goodbye = z
  .strictObject({ type: z.literal('goodbye') })
  .describe('The worker leaves on purpose, finishes nothing more, and gives its assignments back.')

export const WORKER_MESSAGES = [hello, fetchBlob, offerBlob, storeChunk, progress, update, decline, goodbye] as const

export const workerMessage = z.discriminatedUnion('type', WORKER_MESSAGES)
export type WorkerMessage = z.infer<typeof workerMessage>
