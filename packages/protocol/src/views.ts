/** What the HTTP API answers and the live feed carries, as JSON: shared by the coordinator, the dashboard and the CLI. */
import { z } from 'zod'
import { assignmentIdField, blobHashField, clientIdField, countField, runIdField, timestampField } from './fields.ts'

const bytesField = z.int().min(0)
const roundField = z.int().min(0)
const passField = z.int().min(0)
const measuredField = z.number().nullable()

/** One measurement of a run, e.g. 'train-loss', 'eval-loss', 'eval-accuracy', 'round-seconds'. */
export const metricPoint = z.strictObject({
  runId: runIdField,
  round: roundField,
  name: z.string().min(1).max(64),
  clientId: clientIdField.nullable().describe('The client that measured it; null for the run as a whole.'),
  value: z.number(),
  at: timestampField,
})
export type MetricPoint = z.infer<typeof metricPoint>

/** A client as its run sees it. */
export const clientView = z.strictObject({
  clientId: clientIdField,
  connected: z.boolean(),
  examples: countField,
  rounds: z.int().min(0).describe('Rounds whose commit contains an update of this client.'),
  uploadBytes: bytesField.describe('Bytes received from it in this run, all that its connection carried.'),
  downloadBytes: bytesField.describe('Bytes sent to it in this run, all that its connection carried.'),
  lastLoss: measuredField,
})
export type ClientView = z.infer<typeof clientView>

export const runView = z.strictObject({
  id: runIdField,
  name: z.string(),
  phase: z.string().describe("The run's phase, in the words of the federation's state machine."),
  round: roundField.describe('The round in work or the last one; 0 before the first.'),
  rounds: countField.describe('Rounds to run in all.'),
  pass: passField.describe('Passes of the initialisation that are done.'),
  passes: passField.describe('Passes that it takes in all.'),
  method: z.string(),
  rank: countField.nullable().describe('Null for methods that have none.'),
  seed: z.string().describe('The seed of everything random in the run, as text.'),
  createdAt: timestampField,
  startedAt: timestampField.nullable(),
  finishedAt: timestampField.nullable(),
  message: z.string().nullable().describe('Why the run is paused or abandoned, for people.'),
  waiting: z
    .string()
    .nullable()
    .describe('What has to happen for the run to go on, for people; null when it has ended.'),
  resumesByItself: z.boolean().describe('It is paused, and the coordinator resumes it without being asked.'),
  clients: z.array(clientView),
  metrics: z.array(metricPoint).describe("The run's own history, oldest first; measurements of clients are left out."),
  adapterHash: blobHashField.nullable().describe('The exported adapter; null until there is one.'),
  logHead: blobHashField.describe('Hash of its whole log up to its last event: what receipts are checked against.'),
})
export type RunView = z.infer<typeof runView>

/** One client's part in one round. */
export const cohortMember = z.strictObject({
  clientId: clientIdField,
  assignmentId: assignmentIdField,
  status: z.enum(['assigned', 'training', 'delivered', 'declined', 'late', 'lost']),
  weight: countField.nullable().describe('How much its update counted; null while there is none.'),
  uploadBytes: bytesField,
  downloadBytes: bytesField,
  retryBytes: bytesField,
  floorBytes: bytesField.describe('The least that its update could take; 0 while there is none.'),
  step: z.int().min(0),
  steps: z.int().min(0),
  loss: measuredField,
})
export type CohortMember = z.infer<typeof cohortMember>

export const roundView = z.strictObject({
  runId: runIdField,
  round: roundField,
  kind: z.enum(['probe', 'train']),
  pass: passField,
  startedAt: timestampField,
  committedAt: timestampField.nullable(),
  cohort: z.array(cohortMember),
  uploadBytes: bytesField.describe('Bytes received in this round, all that the connections carried.'),
  downloadBytes: bytesField.describe('Bytes sent in this round, all that the connections carried.'),
  retryBytes: bytesField.describe('Those among them, up and down, that were sent before or came to nothing.'),
  updateBytes: bytesField.describe('What the encoded updates alone take.'),
  plainBytes: bytesField.describe('What the same updates take as plain float32.'),
  uploadFloorBytes: bytesField.describe("The least that the updates could take, as the run's codec says."),
  downloadFloorBytes: bytesField.describe('The least that the coordinates could take that were fetched.'),
  gridExponents: z
    .strictObject({ min: z.int(), max: z.int() })
    .nullable()
    .describe('Range of the exact sum grids: values were rounded to multiples of 2^exponent.'),
  coordinatesHash: blobHashField.nullable().describe('The coordinates that the round committed.'),
  updateNorm: measuredField.describe('L2 norm of the aggregated update.'),
})
export type RoundView = z.infer<typeof roundView>

/** A worker as the coordinator sees it, in a run or not. */
export const workerView = z.strictObject({
  clientId: clientIdField,
  connected: z.boolean(),
  device: z.string(),
  software: z.string(),
  examples: countField,
  runId: runIdField.nullable(),
  round: roundField.nullable(),
  step: z.int().min(0),
  steps: z.int().min(0),
  loss: measuredField,
  lastSeenAt: timestampField,
})
export type WorkerView = z.infer<typeof workerView>

/** One line of the log that people read. */
export const eventView = z.strictObject({
  seq: z.int().min(1).describe('Ascending without gaps within its run.'),
  runId: runIdField.nullable(),
  at: timestampField,
  type: z.string().min(1).max(64),
  text: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type EventView = z.infer<typeof eventView>
