import { packUpdate, type StoredUpdate, type Transport, type UpdateWork } from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import type { AssignmentId, ClientId } from '@tessera/vocabulary'

export type AssignmentMessage = Parameters<Transport['assign']>[1]

/** What this client makes of an assignment; the same assignment twice is the same work. */
export type OwnWork = (message: AssignmentMessage) => Promise<Float32Array>

/** A client as the worker is: it keeps its work and its results until the coordinator has answered for them. */
export interface PatientClient {
  readonly id: ClientId
  readonly examples: number
  /** The work that the coordinator has not answered for, oldest first. */
  readonly owed: ReadonlyMap<AssignmentId, AssignmentMessage>
  /** Results that were sent and not answered: after a lost connection they are sent again. */
  readonly unanswered: ReadonlySet<AssignmentId>
  /** Results that were taken, oldest first. */
  readonly taken: readonly StoredUpdate[]
  take(message: AssignmentMessage): void
  callOff(id: AssignmentId): void
  /** The update of owed work, made now or made before. */
  resultOf(id: AssignmentId): Promise<StoredUpdate>
  /** The coordinator's answer: the work is done, or it is over. */
  answered(update: StoredUpdate, accepted: boolean): void
}

export function createPatientClient(id: ClientId, examples: number, work: OwnWork): PatientClient {
  const owed = new Map<AssignmentId, AssignmentMessage>()
  const results = new Map<AssignmentId, Promise<StoredUpdate>>()
  const unanswered = new Set<AssignmentId>()
  const taken: StoredUpdate[] = []
  const forget = (assignment: AssignmentId): void => {
    owed.delete(assignment)
    results.delete(assignment)
    unanswered.delete(assignment)
  }
  const make = async (message: AssignmentMessage): Promise<StoredUpdate> => {
    const values = await work(message)
    const { codec, bytes } = packUpdate(message as UpdateWork & AssignmentMessage, values, id)
    const { assignmentId } = message
    const hash = hashBytes(bytes)
    return { assignmentId, clientId: id, weight: examples, codec, length: values.length, hash, bytes }
  }
  return {
    id,
    examples,
    owed,
    unanswered,
    taken,
    take: (message) => {
      if (!owed.has(message.assignmentId)) owed.set(message.assignmentId, message)
    },
    callOff: forget,
    resultOf: (assignment) => {
      const result = results.get(assignment) ?? make(owed.get(assignment)!)
      results.set(assignment, result)
      unanswered.add(assignment)
      return result
    },
    answered: (update, accepted) => {
      forget(update.assignmentId)
      if (accepted) taken.push(update)
    },
  }
}
