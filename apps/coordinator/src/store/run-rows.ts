import type { Prisma, PrismaClient } from '@prisma/client'
import type { RunRecord, RunState, StoredMetric, StoredVersion } from '@tessera/federation'
import { blobHash, FedError, type RunId } from '@tessera/vocabulary'
import { removeBlobs } from './blob-rows.ts'
import { isTaken } from './database-error.ts'
import { writeMetrics } from './metric-rows.ts'
import { fromJson, toJson, toText } from './stored-values.ts'
import { forgetUpdates } from './update-rows.ts'

type Rows = Pick<PrismaClient, 'run' | 'adapterVersion'>

/** @throws {FedError} 'conflict' */
export async function insertRun(tx: Rows, record: RunRecord, state: RunState): Promise<void> {
  const data = {
    id: record.runId,
    name: toText(record.spec.name),
    phase: state.phase,
    record: toJson(record),
    state: toJson(state),
    seq: state.seq,
    createdAt: new Date(record.createdAt),
  }
  try {
    await tx.run.create({ data })
  } catch (error) {
    throw isTaken(error) ? new FedError('conflict', `there is a run ${record.runId} already`) : error
  }
}

/** The last state of a run; null where there is no such run. */
export async function stateOf(db: Rows, runId: RunId): Promise<RunState | null> {
  const row = await db.run.findUnique({ where: { id: runId }, select: { state: true } })
  return row === null ? null : fromJson<RunState>(row.state)
}

/** All runs, oldest first. */
export async function readRuns(db: Rows): Promise<{ record: RunRecord; state: RunState }[]> {
  const select = { record: true, state: true }
  const rows = await db.run.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], select })
  return rows.map(({ record, state }) => ({ record: fromJson<RunRecord>(record), state: fromJson<RunState>(state) }))
}

/** The run's rows go with it; its blobs, where no other run made the same. @throws {FedError} 'unknown-run' */
export async function removeRun(tx: Prisma.TransactionClient, runId: RunId): Promise<void> {
  await needRun(tx, runId)
  const blobs = await tx.runBlob.findMany({ where: { runId }, select: { hash: true } })
  await forgetUpdates(tx, { runId })
  await tx.ledgerLine.deleteMany({ where: { runId } })
  await tx.run.delete({ where: { id: runId } })
  await removeBlobs(tx, { hash: { in: blobs.map(({ hash }) => hash) }, runs: { none: {} } })
}

/** The adapter after each round, oldest first. @throws {FedError} 'unknown-run' */
export async function readVersions(
  db: Rows,
  runId: RunId,
): Promise<readonly (StoredVersion & { readonly evaluated: boolean })[]> {
  await needRun(db, runId)
  const rows = await db.adapterVersion.findMany({ where: { runId }, orderBy: { round: 'asc' } })
  return rows.map(({ round, coordinatesHash, factorsHash, updateNorm, evaluatedAt }) => ({
    round,
    coordinates: blobHash(coordinatesHash),
    factors: blobHash(factorsHash),
    updateNorm,
    evaluated: evaluatedAt !== null,
  }))
}

/** @throws {FedError} 'unknown-run' */
export async function writeEvaluation(
  tx: Prisma.TransactionClient,
  { runId, round }: { runId: RunId; round: number },
  metrics: readonly StoredMetric[],
): Promise<void> {
  await needRun(tx, runId)
  await tx.adapterVersion.updateMany({ where: { runId, round }, data: { evaluatedAt: new Date() } })
  await writeMetrics(tx, runId, metrics)
}

export async function needRun(db: Rows, runId: RunId): Promise<void> {
  const found = await db.run.findUnique({ where: { id: runId }, select: { id: true } })
  if (found === null) throw new FedError('unknown-run', `there is no run ${runId}`)
}
