import type { Assignment, Commit, Stage } from '@tessera/federation'

export type AssignmentStatus = Assignment['status'] | 'late' | 'replaced' | 'cancelled'

/** What the table holds of a pass or round that has no result yet. */
export interface OpenRound {
  readonly kind: Stage['kind']
  readonly index: number
  readonly attempt: number
  readonly closedAt: Date | null
  readonly assignments: readonly { readonly id: string; readonly status: AssignmentStatus }[]
}

/** The fields of a round's row that may change, and the rows of its assignments that do. */
export interface RoundChange {
  readonly kind: Stage['kind']
  readonly index: number
  readonly isNew: boolean
  readonly row: {
    readonly attempt?: number
    readonly closedAt?: Date | null
    readonly committedAt?: Date
    readonly coordinatesHash?: string
    readonly updateNorm?: number
  }
  readonly added: readonly Assignment[]
  /** Ids of assignments that an earlier stage gave out and this one goes on waiting for. */
  readonly carried: readonly string[]
  readonly changed: readonly { readonly id: string; readonly status: AssignmentStatus; readonly weight?: number }[]
}

/** Events that store the result of the stage which they end. */
const RESULTS: ReadonlySet<string> = new Set(['pass-reduced', 'factors-made', 'committed'])

/**
 * What a commit changes in the rows that people read: the stage of the new state against the rows of the stages that
 * were under way. Pure; rows that stay as they are do not appear.
 */
export function projectStage(open: readonly OpenRound[], commit: Commit): RoundChange[] {
  const { stage } = commit.state
  const rows = new Map(open.flatMap(({ assignments }) => assignments.map(({ id, status }) => [id, status] as const)))
  const known = open.map((round) =>
    isSame(round, stage) ? underWay(round, { stage, rows }, commit) : ended(round, commit),
  )
  const begun = stage !== null && !open.some((round) => isSame(round, stage)) ? [beginning({ stage, rows })] : []
  return [...known, ...begun].filter(changesSomething)
}

function isSame(round: Pick<OpenRound, 'kind' | 'index'>, stage: Stage | null): stage is Stage {
  return stage !== null && round.kind === stage.kind && round.index === stage.index
}

/** A stage, and the status of every assignment of the stages that were under way. */
interface Staged {
  readonly stage: Stage
  readonly rows: ReadonlyMap<string, AssignmentStatus>
}

function beginning({ stage, rows }: Staged): RoundChange {
  const { kind, index, attempt } = stage
  return { kind, index, isNew: true, row: { attempt }, ...cohortChange({ stage, rows }, []) }
}

function underWay(round: OpenRound, { stage, rows }: Staged, { event }: Commit): RoundChange {
  const now = new Set<string>(stage.assignments.map(({ id }) => id))
  const status = stage.closed ? ('late' as const) : ('replaced' as const)
  const dropped = round.assignments.filter((row) => row.status === 'open' && !now.has(row.id))
  const closedAt = stage.closed ? (round.closedAt ?? new Date(event.at)) : null
  const cohort = cohortChange(
    { stage, rows },
    round.assignments.map(({ id }) => id),
  )
  return {
    kind: round.kind,
    index: round.index,
    isNew: false,
    row: {
      ...(stage.attempt === round.attempt ? {} : { attempt: stage.attempt }),
      ...(closedAt?.getTime() === round.closedAt?.getTime() ? {} : { closedAt }),
    },
    ...cohort,
    changed: [...cohort.changed, ...dropped.map(({ id }) => ({ id, status }))],
  }
}

/** @param own Ids of the rows that the stage has already. */
function cohortChange(
  { stage: { assignments }, rows }: Staged,
  own: readonly string[],
): Pick<RoundChange, 'added' | 'carried' | 'changed'> {
  const here = new Set<string>(own)
  return {
    added: assignments.filter(({ id }) => !rows.has(id)),
    carried: assignments.filter(({ id }) => rows.has(id) && !here.has(id)).map(({ id }) => id),
    changed: assignments.filter(({ id, status }) => rows.has(id) && rows.get(id) !== status),
  }
}

/** The stage that a state no longer has: its result was stored, or the run was abandoned. */
function ended(round: OpenRound, { event, state, version }: Commit): RoundChange {
  const at = new Date(event.at)
  const result = RESULTS.has(event.type)
  const carried = new Set<string>(state.stage?.assignments.map(({ id }) => id))
  const left = round.assignments.filter(({ id, status }) => status === 'open' && !carried.has(id))
  const made = round.kind === 'train' && version !== undefined
  return {
    kind: round.kind,
    index: round.index,
    isNew: false,
    row: {
      ...(round.closedAt === null ? { closedAt: at } : {}),
      ...(result ? { committedAt: at } : {}),
      ...(result && made ? { coordinatesHash: version.coordinates, updateNorm: version.updateNorm } : {}),
    },
    added: [],
    carried: [],
    changed: left.map(({ id }) => ({ id, status: result ? ('late' as const) : ('cancelled' as const) })),
  }
}

function changesSomething({ isNew, row, added, carried, changed }: RoundChange): boolean {
  return isNew || Object.keys(row).length > 0 || [...added, ...carried, ...changed].length > 0
}
