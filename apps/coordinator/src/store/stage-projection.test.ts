import type { Assignment, Commit, RunEvent, RunState, Stage } from '@tessera/federation'
import { assignmentId, blobHash, clientId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type AssignmentStatus, type OpenRound, projectStage } from './stage-projection.ts'

const AT = new Date(5000)

function part(id: string, status: Assignment['status'] = 'open', givenIn = 1): Assignment {
  const weight = status === 'received' ? 10 : 0
  return { id: assignmentId(id), clientId: clientId(`client-${id}`), status, weight, givenIn, from: null }
}

function stageOf(assignments: Assignment[], more: Partial<Stage> = {}): Stage {
  const grid = { exponents: [-40], weightLimit: 100 }
  const times = { softDeadlineAt: 8000, deadlineAt: 9000 }
  return { kind: 'train', index: 1, attempt: 1, assignments, closed: false, ...times, grid, ...more }
}

function commitOf(stage: Stage | null, event: Partial<RunEvent> = {}, state: Partial<RunState> = {}): Commit {
  const timed = { type: 'deadline-passed', at: 5000, ...event }
  return {
    runId: 'r',
    event: timed,
    state: { phase: 'training', pausedFrom: null, stage, ...state },
  } as unknown as Commit
}

function rowsOf(assignments: Record<string, AssignmentStatus>, more: Partial<OpenRound> = {}): OpenRound[] {
  const list = Object.entries(assignments).map(([id, status]) => ({ id, status }))
  return [{ kind: 'train', index: 1, attempt: 1, closedAt: null, assignments: list, ...more }]
}

describe('the rows of a stage', () => {
  it('begin with the stage and its whole cohort', () => {
    const cohort = [part('a'), part('b')]
    expect(projectStage([], commitOf(stageOf(cohort)))).toEqual([
      { kind: 'train', index: 1, isNew: true, row: { attempt: 1 }, added: cohort, carried: [], changed: [] },
    ])
  })

  it('do not appear when nothing about them changed', () => {
    expect(projectStage(rowsOf({ a: 'open' }), commitOf(stageOf([part('a')])))).toEqual([])
    expect(projectStage([], commitOf(null))).toEqual([])
  })

  it('change for the one update that arrived', () => {
    const [change] = projectStage(
      rowsOf({ a: 'open', b: 'open' }),
      commitOf(stageOf([part('a', 'received'), part('b')])),
    )
    expect(change).toMatchObject({ row: {}, added: [], changed: [{ id: 'a', status: 'received', weight: 10 }] })
  })

  it('say replaced for who lost its place to a later attempt', () => {
    const next = stageOf([part('a', 'received'), part('c')], { attempt: 2 })
    const [change] = projectStage(rowsOf({ a: 'received', b: 'open' }), commitOf(next))
    expect(change).toMatchObject({ row: { attempt: 2 }, changed: [{ id: 'b', status: 'replaced' }] })
    expect(change?.added.map(({ id }) => id)).toEqual(['c'])
  })

  it('open again what had failed', () => {
    const [change] = projectStage(rowsOf({ a: 'failed' }), commitOf(stageOf([part('a')], { attempt: 2 })))
    expect(change?.changed).toEqual([part('a')])
  })

  it('are closed with the stage, and say late for who was waited for', () => {
    const closed = commitOf(stageOf([part('a', 'received')], { closed: true }))
    const [change] = projectStage(rowsOf({ a: 'received', b: 'open' }), closed)
    expect(change).toMatchObject({ row: { closedAt: AT }, changed: [{ id: 'b', status: 'late' }] })
  })

  it('get their result from the commit, while the next round begins', () => {
    const version = { round: 1, coordinates: blobHash('c'), factors: blobHash('f'), updateNorm: 0.5 }
    const next = stageOf([part('x', 'open', 2)], { index: 2 })
    const changes = projectStage(rowsOf({ a: 'received' }, { closedAt: new Date(4000) }), {
      ...commitOf(next, { type: 'committed' }),
      version,
    })
    expect(changes.map(({ index, isNew, row }) => [index, isNew, row])).toEqual([
      [1, false, { committedAt: AT, coordinatesHash: 'c', updateNorm: 0.5 }],
      [2, true, { attempt: 1 }],
    ])
  })

  it('of late work move on with it to the next round, and say neither late nor new', () => {
    const next = stageOf([part('b'), part('x', 'open', 2)], { index: 2 })
    const rows = rowsOf({ a: 'received', b: 'open', c: 'open' })
    const [done, begun] = projectStage(rows, commitOf(next, { type: 'committed' }))
    expect(done?.changed).toEqual([{ id: 'c', status: 'late' }])
    expect(begun?.added.map(({ id }) => id)).toEqual(['x'])
    expect(begun?.carried).toEqual(['b'])
  })

  it('of a pass are done with its panel, and have no coordinates', () => {
    const next = stageOf([part('b')], { kind: 'probe', index: 1 })
    const [done] = projectStage(
      rowsOf({ a: 'received' }, { kind: 'probe', index: 0 }),
      commitOf(next, { type: 'pass-reduced' }),
    )
    expect(done).toMatchObject({ kind: 'probe', index: 0, row: { closedAt: AT, committedAt: AT } })
    expect(done?.row.coordinatesHash).toBeUndefined()
  })

  it('of an abandoned run are closed without a result, and say cancelled', () => {
    const [change] = projectStage(rowsOf({ a: 'open' }), commitOf(null, { type: 'aborted' }, { phase: 'abandoned' }))
    expect(change?.row).toEqual({ closedAt: AT })
    expect(change?.changed).toEqual([{ id: 'a', status: 'cancelled' }])
  })
})
