import type { Prisma } from '@prisma/client'
import type { Commit, RunState } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import { hasEnded } from '../run-ended.ts'
import { storeBlob } from './blob-rows.ts'
import { isMissing } from './database-error.ts'
import { writeMetrics } from './metric-rows.ts'
import { projectStage, type RoundChange } from './stage-projection.ts'
import { toJson } from './stored-values.ts'
import { forgetUpdates, writeUpdate } from './update-rows.ts'

type Transaction = Prisma.TransactionClient

/**
 * All that one commit writes, in the transaction that is given: the event, the state, what came with them, and the rows
 * that people read.
 *
 * @throws {FedError} 'conflict' when the event's number is not the next one, 'unknown-run', 'duplicate-update'
 */
export async function writeCommit(tx: Transaction, commit: Commit): Promise<void> {
  const { runId, event, state, update, version, forget } = commit
  await advanceRun(tx, commit)
  const at = new Date(event.at)
  const { seq, head } = state
  await tx.event.create({ data: { runId, seq, type: event.type, at, data: toJson(event), head } })
  const open = await tx.round.findMany({
    where: { runId, committedAt: null },
    select: {
      kind: true,
      index: true,
      attempt: true,
      closedAt: true,
      assignments: { select: { id: true, status: true } },
    },
  })
  for (const change of projectStage(open, commit)) await writeRound(tx, commit, change)
  if (update !== undefined) {
    if (state.stage === null) throw new FedError('internal', 'an update is stored while no stage is under way')
    await writeUpdate(tx, { ...state.stage, runId }, update)
  }
  for (const blob of commit.blobs ?? []) await storeBlob(tx, runId, blob)
  if (version !== undefined) {
    const { round, coordinates, factors, updateNorm } = version
    const data = { runId, round, coordinatesHash: coordinates, factorsHash: factors, updateNorm, createdAt: at }
    await tx.adapterVersion.create({ data })
  }
  await writeMetrics(tx, runId, commit.metrics ?? [])
  if (forget !== undefined) await forgetUpdates(tx, { ...forget, runId })
}

/** The condition on the number makes rivals wait for each other's end, and only the first of them finds the row. */
async function advanceRun(tx: Transaction, { runId, event, state }: Commit): Promise<void> {
  const at = new Date(event.at)
  const data = {
    state: toJson(state),
    seq: state.seq,
    phase: state.phase,
    ...(hasEnded(state.phase) ? { finishedAt: at } : {}),
  }
  try {
    const where = { id: runId, seq: state.seq - 1 }
    const { startedAt } = await tx.run.update({ where, data, select: { startedAt: true } })
    if (startedAt === null && hasStarted(state)) await tx.run.update({ where: { id: runId }, data: { startedAt: at } })
  } catch (error) {
    if (!isMissing(error)) throw error
    const run = await tx.run.findUnique({ where: { id: runId }, select: { seq: true } })
    if (run === null) throw new FedError('unknown-run', `there is no run ${runId}`)
    throw new FedError('conflict', `event ${state.seq} of the run ${runId} does not follow event ${run.seq}`)
  }
}

const hasStarted = ({ phase, stage, factors }: RunState): boolean =>
  phase === 'initialising' || stage !== null || factors !== null

async function writeRound(tx: Transaction, { runId, event, state }: Commit, change: RoundChange): Promise<void> {
  const { kind, index, isNew, row, added, carried, changed } = change
  const at = new Date(event.at)
  if (isNew) {
    const gridExponents = [...(state.stage?.grid.exponents ?? [])]
    await tx.round.create({ data: { runId, kind, index, attempt: 1, startedAt: at, gridExponents, ...row } })
  } else if (Object.keys(row).length > 0) {
    await tx.round.update({ where: { runId_kind_index: { runId, kind, index } }, data: row })
  }
  if (added.length > 0) {
    await tx.assignment.createMany({
      data: added.map(({ id, clientId, status, weight }) => ({
        ...{ id, runId, kind, index, clientId, status, weight, assignedAt: at },
        receivedAt: status === 'received' ? at : null,
      })),
    })
  }
  if (carried.length > 0) await tx.assignment.updateMany({ where: { id: { in: [...carried] } }, data: { index } })
  for (const { id, status, weight } of changed) {
    const received = status === 'received' ? { receivedAt: at } : {}
    await tx.assignment.update({
      where: { id },
      data: { status, ...received, ...(weight === undefined ? {} : { weight }) },
    })
  }
}
