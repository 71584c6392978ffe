import { z } from 'zod'
import { assignmentFields, blobHashField, blobSizeField, countField, modelPathField, timestampField } from './fields.ts'
import { refusal } from './refusal.ts'

export const assignment = z
  .strictObject({
    type: z.literal('assignment'),
    ...assignmentFields,
    kind: z.enum(['train', 'probe']).describe('train: send an update; probe: send a summary for the frozen factors.'),
    pass: z.int().min(0).describe('Which pass of the initialisation a probe belongs to, from 0; 0 for train.'),
    spec: z.record(z.string(), z.unknown()).describe("The run's specification; its schema is the federation's."),
    sites: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(256).describe("The layer's name in the checkpoint, without `.weight`."),
          outDim: countField.describe('Rows of its weight.'),
          inDim: countField.describe('Columns of its weight.'),
        }),
      )
      .min(1)
      .describe("The adapted layers, in the order of the coordinates' layout."),
    model: z
      .array(
        z.strictObject({
          path: modelPathField.describe('Place of the file in the model folder.'),
          hash: blobHashField.describe('SHA-256 of the file, to be fetched as a blob.'),
          size: blobSizeField.describe('Length of the file, in bytes.'),
        }),
      )
      .min(1)
      .describe('The files of the base model.'),
    artefact: blobHashField
      .nullable()
      .describe(
        "The frozen factors as a safetensors blob; its metadata `ranks`, if any, is JSON of the layers' ranks. Null in the first pass of a probe.",
      ),
    coordinates: blobHashField
      .nullable()
      .describe('The coordinates to start from, a blob of little-endian float32; null in a probe.'),
    step: z
      .strictObject({
        hash: blobHashField.describe('The step, a blob written by the codec of the down-link.'),
        from: blobHashField.describe('The coordinates that it starts from.'),
        round: countField.describe('The round that made it.'),
      })
      .nullable()
      .describe(
        'What leads to `coordinates` from those of the round before; a worker that has these need not fetch the whole. Null for none.',
      ),
    baseChange: blobHashField
      .nullable()
      .describe(
        'What is added to the base weights, `<layer>.left` · `<layer>.right`, a safetensors blob; null for nothing.',
      ),
    schedule: blobHashField
      .nullable()
      .describe(
        'SHA-256 of what decides the random directions of the round, in a subspace: a worker that makes other ones must not train; null for none.',
      ),
    place: z
      .int()
      .min(0)
      .nullable()
      .describe("The client's place in the round, from 0, where each client sends a part of its own; else null."),
    deadlineAt: timestampField
      .nullable()
      .describe('When the coordinator stops waiting, ms since 1970; null for never.'),
  })
  .describe('One piece of work. The same assignmentId twice is the same work, to be done once.')

export const cancel = z
  .strictObject({
    type: z.literal('cancel'),
    ...assignmentFields,
    reason: z.string().max(2000).describe('One sentence for people.'),
  })
  .describe('The assignment is no longer wanted; its result would be refused.')

export const idle = z
  .strictObject({
    type: z.literal('idle'),
    message: z.string().max(2000).describe('One sentence for people on what is being waited for.'),
  })
  .describe('There is no work now; stay connected.')

export const COORDINATOR_MESSAGES = [assignment, cancel, idle, refusal] as const

export const coordinatorMessage = z.discriminatedUnion('type', COORDINATOR_MESSAGES)
export type CoordinatorMessage = z.infer<typeof coordinatorMessage>
export type Assignment = z.infer<typeof assignment>
