import { takeStep, withArtefactRanks } from '@tessera/federation'
import type { Assignment } from '@tessera/protocol'
import { parseRunSpec } from '@tessera/runs'
import { type BlobHash, type FedError, unwrap } from '@tessera/vocabulary'
import type { BlobDownloads, TransferProgress } from './blob-transfer.ts'

/**
 * Make the coordinates of an assignment from those of the round before and the step between them, where the worker has
 * these and not yet those: then nothing of them is left to fetch. The error says why a step that is here does not lead
 * there; the coordinates are then fetched whole, as by everyone who does not have the version before.
 *
 * @throws {FedError} Those of a download.
 */
export async function coordinatesByStep(
  assignment: Assignment,
  downloads: BlobDownloads,
  onProgress: TransferProgress,
): Promise<FedError | null> {
  const { step, coordinates, artefact, sites } = assignment
  if (step === null || coordinates === null || artefact === null) return null
  const from = (await downloads.held(coordinates)) ? null : await downloads.held(step.from as BlobHash)
  if (from === null) return null
  const packed = await downloads.fetch(step.hash, onProgress)
  const run = { spec: unwrap(parseRunSpec(assignment.spec)), sites }
  const setting = unwrap(withArtefactRanks(run, await downloads.fetch(artefact, onProgress)))
  const made = takeStep(setting, { from, round: step.round, packed, to: coordinates })
  if (!made.ok) return made.error
  await downloads.keep(coordinates, made.value)
  return null
}
