import type { ClientId } from '@tessera/vocabulary'

/** A transport that delivers nothing: what was sent waits in order until the test takes it. */
export interface RecordingTransport<Assignment, Work> {
  assign(clientId: ClientId, message: Assignment): void
  cancel(clientId: ClientId, work: Work): void
  /** The assignments since the last call. */
  takeAssignments(): { readonly clientId: ClientId; readonly message: Assignment }[]
  /** The cancellations since the last call. */
  takeCancellations(): { readonly clientId: ClientId; readonly work: Work }[]
}

export function createRecordingTransport<Assignment, Work>(): RecordingTransport<Assignment, Work> {
  const assigned: { clientId: ClientId; message: Assignment }[] = []
  const cancelled: { clientId: ClientId; work: Work }[] = []
  return {
    assign: (clientId, message) => void assigned.push({ clientId, message }),
    cancel: (clientId, work) => void cancelled.push({ clientId, work }),
    takeAssignments: () => assigned.splice(0),
    takeCancellations: () => cancelled.splice(0),
  }
}
