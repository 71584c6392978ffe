import { z } from 'zod'
import { clientIdField, countField, runIdField } from './fields.ts'

/** What bytes are for. */
export const byteKind = z.enum(['model', 'factors', 'coordinates', 'update', 'control', 'retry'])
export type ByteKind = z.infer<typeof byteKind>

/** By what a ledger can be split. */
export const ledgerSplit = z.enum(['client', 'round', 'kind'])
export type LedgerSplit = z.infer<typeof ledgerSplit>

const bytesField = z.int().min(0)

const ledgerSum = {
  uploadBytes: bytesField.describe('Bytes from workers to the coordinator.'),
  uploadFloorBytes: bytesField.describe('The least that the updates among them could take.'),
  downloadBytes: bytesField.describe('Bytes from the coordinator to workers.'),
  downloadFloorBytes: bytesField.describe('The least that the coordinates among them could take.'),
}

export const ledgerEntry = z.strictObject({
  client: clientIdField.nullable().describe('Null where the ledger is not split by client, and before a hello.'),
  round: z.int().min(0).nullable().describe('0: before round 1. Null where the ledger is not split by round.'),
  kind: byteKind.nullable().describe('Null where the ledger is not split by kind.'),
  ...ledgerSum,
})
export type LedgerEntry = z.infer<typeof ledgerEntry>

/** What a run moved over the network until now. */
export const ledgerView = z.strictObject({
  runId: runIdField.nullable().describe('Null for what moved while workers had no work.'),
  progress: z
    .strictObject({ phase: z.string(), round: z.int().min(0), rounds: countField, ended: z.boolean() })
    .nullable()
    .describe('How far the run is; null without a run.'),
  entries: z.array(ledgerEntry),
  total: z.strictObject(ledgerSum),
})
export type LedgerView = z.infer<typeof ledgerView>
