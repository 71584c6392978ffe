import type { Assignment, Prisma } from '@prisma/client'
import { roundOf } from '@tessera/federation'
import type { CohortMember, RoundView } from '@tessera/protocol'
import { assignmentId, blobHash, clientId, runId } from '@tessera/vocabulary'
import type { LedgerCell } from '../ledger/ledger-cells.ts'
import type { TakenUpdate } from './ledger-rows.ts'
import type { AssignmentStatus } from './stage-projection.ts'

export type RoundRow = Prisma.RoundGetPayload<{ include: { assignments: true } }>

/** In the words of the dashboard; whether an open assignment is being trained on is known to the connections alone. */
const STATUS: Readonly<Record<AssignmentStatus, CohortMember['status']>> = {
  open: 'assigned',
  received: 'delivered',
  failed: 'declined',
  late: 'late',
  replaced: 'lost',
  cancelled: 'lost',
}

/** What belongs to one pass or round. */
export interface RoundParts {
  readonly cells: readonly LedgerCell[]
  readonly updates: readonly TakenUpdate[]
  /** Training loss by client, as reported with its update. */
  readonly losses: ReadonlyMap<string, number>
}

const FLOAT32_BYTES = 4

/** A pass or round as people see it. */
export function roundView(row: RoundRow, { cells, updates, losses }: RoundParts): RoundView {
  const cohort = row.assignments.map((assignment) => {
    const own = cells.filter(({ clientId }) => clientId === assignment.clientId)
    return cohortMember(assignment, { cells: own, loss: losses.get(assignment.clientId) ?? null })
  })
  return {
    runId: runId(row.runId),
    round: roundOf(row),
    kind: row.kind,
    pass: row.kind === 'probe' ? row.index : 0,
    startedAt: row.startedAt.getTime(),
    committedAt: row.committedAt?.getTime() ?? null,
    cohort,
    uploadBytes: sumOf(cells, ({ up }) => up),
    downloadBytes: sumOf(cells, ({ down }) => down),
    retryBytes: retryBytes(cells),
    updateBytes: sumOf(updates, ({ size }) => size),
    plainBytes: sumOf(updates, ({ length }) => FLOAT32_BYTES * length),
    uploadFloorBytes: sumOf(cells, ({ upFloor }) => upFloor),
    downloadFloorBytes: sumOf(cells, ({ downFloor }) => downFloor),
    gridExponents: rangeOf(row.gridExponents),
    coordinatesHash: row.coordinatesHash === null ? null : blobHash(row.coordinatesHash),
    updateNorm: row.updateNorm,
  }
}

function cohortMember(
  row: Assignment,
  { cells, loss }: { cells: readonly LedgerCell[]; loss: number | null },
): CohortMember {
  return {
    clientId: clientId(row.clientId),
    assignmentId: assignmentId(row.id),
    status: STATUS[row.status],
    weight: row.status === 'received' ? Number(row.weight) : null,
    uploadBytes: sumOf(cells, ({ up }) => up),
    downloadBytes: sumOf(cells, ({ down }) => down),
    retryBytes: retryBytes(cells),
    floorBytes: sumOf(cells, ({ upFloor }) => upFloor),
    step: 0,
    steps: 0,
    loss: row.status === 'received' ? loss : null,
  }
}

const retryBytes = (cells: readonly LedgerCell[]): number =>
  sumOf(cells, ({ kind, up, down }) => (kind === 'retry' ? up + down : 0))

function sumOf<Part>(parts: readonly Part[], of: (part: Part) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0)
}

function rangeOf(exponents: readonly number[]): RoundView['gridExponents'] {
  if (exponents.length === 0) return null
  return { min: exponents.reduce((a, b) => Math.min(a, b)), max: exponents.reduce((a, b) => Math.max(a, b)) }
}
