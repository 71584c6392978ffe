import type { Metric, PrismaClient, Run } from '@prisma/client'
import type { TimedEvent } from '@tessera/federation'
import { roundOf } from '@tessera/federation'
import type { EventView, MetricPoint, RoundView, RunView, WorkerView } from '@tessera/protocol'
import { clientId, type RunId, runId } from '@tessera/vocabulary'
import type { RunQueries } from '../run-queries.ts'
import { clientSums, LOSS } from './client-sums.ts'
import { eventText } from './event-text.ts'
import { ledgerView, readLedger } from './ledger-view.ts'
import type { PersistentCalls } from './persistent-calls.ts'
import { roundView } from './round-view.ts'
import { runView } from './run-view.ts'
import { fromJson } from './stored-values.ts'

const DEFAULT_LIMIT = 100
const OLDEST_FIRST = [{ at: 'asc' as const }, { round: 'asc' as const }, { name: 'asc' as const }]

/** The views that people and pages read, from PostgreSQL. */
export function createPostgresRunQueries(client: PrismaClient, { insist }: PersistentCalls): RunQueries {
  return {
    runs: (limit = DEFAULT_LIMIT) =>
      insist(async () => {
        const rows = await client.run.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit })
        return runViews(client, rows)
      }),
    run: (id) =>
      insist(async () => {
        const row = await client.run.findUnique({ where: { id } })
        return row === null ? null : ((await runViews(client, [row]))[0] ?? null)
      }),
    rounds: (id, last) => insist(() => roundViews(client, id, last)),
    metrics: (id) =>
      insist(async () => {
        const rows = await client.metric.findMany({ where: { runId: id }, orderBy: OLDEST_FIRST })
        return rows.map(metricPoint)
      }),
    events: (id, { after, limit }) =>
      insist(async () => {
        const where = { runId: id, seq: { gt: after } }
        const rows = await client.event.findMany({ where, orderBy: { seq: 'asc' }, take: limit })
        return rows.map(({ seq, at, data }): EventView => {
          const { type, at: _, ...details } = fromJson<TimedEvent>(data)
          return { seq, runId: id, at: at.getTime(), type, text: eventText(fromJson(data)), data: details }
        })
      }),
    workers: () => insist(() => workerViews(client)),
    ledger: (id, by) => insist(() => ledgerView(client, id, by)),
  }
}

async function runViews(client: PrismaClient, rows: readonly Run[]): Promise<RunView[]> {
  const ids = rows.map(({ id }) => id)
  const where = { runId: { in: ids }, clientId: '' }
  const [sums, metrics] = await Promise.all([
    clientSums(client, ids),
    client.metric.findMany({ where, orderBy: OLDEST_FIRST }),
  ])
  return rows.map((row) => {
    const own = metrics.filter((metric) => metric.runId === row.id).map(metricPoint)
    return runView(row, { sums: sums.get(row.id) ?? new Map(), metrics: own })
  })
}

/** Passes first, then rounds; the `last` ones of them. */
async function roundViews(client: PrismaClient, id: RunId, last?: number): Promise<RoundView[]> {
  const rows = await client.round.findMany({
    where: { runId: id },
    include: { assignments: { orderBy: { clientId: 'asc' } } },
    orderBy: [{ kind: 'desc' }, { index: 'desc' }],
    ...(last !== undefined && { take: last }),
  })
  rows.reverse()
  const from = rows[0] === undefined ? 0 : roundOf(rows[0])
  const [{ cells, updates }, losses] = await Promise.all([
    readLedger(client, id, from),
    client.metric.findMany({ where: { runId: id, name: LOSS, clientId: { not: '' }, round: { gte: from } } }),
  ])
  const [cellsAt, updatesAt] = [byStage(cells), byStage(updates)]
  return rows.map((row) => {
    const stage = nameOf({ round: roundOf(row), pass: row.kind === 'probe' ? row.index : 0 })
    const own = losses.filter(({ round }) => row.kind === 'train' && round === roundOf(row))
    return roundView(row, {
      cells: cellsAt.get(stage) ?? [],
      updates: updatesAt.get(stage) ?? [],
      losses: new Map(own.map((metric) => [metric.clientId, metric.value])),
    })
  })
}

interface InStage {
  readonly round: number
  readonly pass: number
}

const nameOf = ({ round, pass }: InStage): string => `${round} ${pass}`

function byStage<Part extends InStage>(parts: readonly Part[]): ReadonlyMap<string, Part[]> {
  const stages = new Map<string, Part[]>()
  for (const part of parts) {
    const stage = stages.get(nameOf(part))
    if (stage === undefined) stages.set(nameOf(part), [part])
    else stage.push(part)
  }
  return stages
}

async function workerViews(client: PrismaClient): Promise<WorkerView[]> {
  const [rows, open] = await Promise.all([
    client.client.findMany({ orderBy: { id: 'asc' } }),
    client.assignment.findMany({ where: { status: 'open' }, orderBy: { assignedAt: 'asc' } }),
  ])
  const work = new Map(open.map((assignment) => [assignment.clientId, assignment]))
  return rows.map((row): WorkerView => {
    const assignment = work.get(row.id)
    return {
      clientId: clientId(row.id),
      connected: false,
      device: row.device,
      software: row.software,
      examples: Number(row.examples),
      runId: assignment === undefined ? null : runId(assignment.runId),
      round: assignment === undefined ? null : roundOf(assignment),
      step: 0,
      steps: 0,
      loss: null,
      lastSeenAt: row.lastSeenAt.getTime(),
    }
  })
}

function metricPoint({ runId: id, round, name, clientId: client, value, at }: Metric): MetricPoint {
  const measuredBy = client === '' ? null : clientId(client)
  return { runId: runId(id), round, name, clientId: measuredBy, value, at: at.getTime() }
}
