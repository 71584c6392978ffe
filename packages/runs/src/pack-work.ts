import { type PackedUpdate, packSought, packWithResidual, type Residual, withArtefactRanks } from '@tessera/federation'
import type { Assignment } from '@tessera/protocol'
import { type BlobHash, type ClientId, unwrap } from '@tessera/vocabulary'
import type { Materials, Outcome } from './assignment-runner.ts'
import { parseRunSpec } from './run-spec.ts'

/** What came of an assignment, and what the client's work before it has left. */
export interface DoneWork extends Pick<Outcome, 'update' | 'sought'> {
  readonly assignment: Assignment
  readonly materials: Pick<Materials, 'artefact'>
  readonly clientId: ClientId
  readonly before: Residual | null
}

/**
 * An update as it is sent; with the residual, if the run feeds one back, that counts from when the coordinator has taken
 * it. The same work gives the same bytes.
 *
 * @throws {FedError} `not-finite`; `invalid-residual`: `before` is of another run or client, or not whole.
 */
export function packWork(work: DoneWork): PackedUpdate & { readonly residual: Residual | null } {
  const { runId, kind, round, sites, artefact } = work.assignment
  const run = { spec: unwrap(parseRunSpec(work.assignment.spec)), sites }
  const ranked = kind === 'probe' ? run : unwrap(withArtefactRanks(run, work.materials.artefact as Uint8Array))
  const of = { ...ranked, runId, kind, round, clientId: work.clientId, artefact: artefact as BlobHash }
  return work.sought === null
    ? packWithResidual(of, work.update, work.before)
    : packSought(of, work.update, work.sought)
}
