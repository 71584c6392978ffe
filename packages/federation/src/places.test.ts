import { runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { encodeCoordinates, federationSpec, initialState, type RunRecord, type RunState, type Stage } from './index.ts'
import { decodeUpdate } from './intake.ts'
import { fillPlaces } from './staffing.ts'
import { restaffStage } from './stages.ts'

/** EGGROLL of two members a client on a layer of 4 × 6, three clients of four at a time. */
function recordOf(subspace: Record<string, unknown>): RunRecord {
  const spec = federationSpec.parse({
    adapter: { method: 'full' },
    initialisation: { name: 'none' },
    subspace,
    rounds: { total: 2, cohort: { size: 3, quorum: 1 } },
  })
  const sites = [{ name: 'layer', outDim: 4, inDim: 6 }]
  return { runId: runId('run-1'), spec: spec as RunRecord['spec'], sites, model: [], updateBound: 1, createdAt: 0 }
}

const EGGROLL = { name: 'eggroll', members: 2 }
const EMPTY = { kind: 'train', index: 1, attempt: 1, closed: false, softDeadlineAt: 1, deadlineAt: 2 } as const

function begun(record: RunRecord): { state: RunState; stage: Stage } {
  const members = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { examples: 5, present: true }]))
  const state: RunState = { ...initialState(record), phase: 'training', members }
  const stage = fillPlaces(record, state, { ...EMPTY, assignments: [], grid: { exponents: [-40], weightLimit: 80 } })
  return { state: { ...state, stage }, stage }
}

describe('places of a round', () => {
  it('are given where each client sends a part of its own, one to each, and not elsewhere', () => {
    expect(begun(recordOf(EGGROLL)).stage.assignments.map(({ place }) => place)).toEqual([0, 1, 2])
    const shared = begun(recordOf({ name: 'ferret', coordinates: 8 })).stage.assignments
    expect(shared.map((assignment) => 'place' in assignment)).toEqual([false, false, false])
  })

  it('go to another client when work is given up, and stay with those who are at work', () => {
    const record = recordOf(EGGROLL)
    const { state, stage } = begun(record)
    const [first, second, third] = stage.assignments
    const failed = { ...stage, assignments: [first!, { ...second!, status: 'failed' as const }, third!] }
    const refilled = fillPlaces(record, state, failed)
    expect(refilled.assignments.map(({ place, status }) => [place, status])).toEqual([
      [0, 'open'],
      [1, 'failed'],
      [2, 'open'],
      [1, 'open'],
    ])
    const again = restaffStage(record, { ...state, stage: failed }, { attempt: 2, at: 5, staysAtWork: () => false })
    const places = (again.state.stage as Stage).assignments.map(({ place }) => place)
    expect(places.sort()).toEqual([0, 1, 2])
    for (const { id, place } of (again.state.stage as Stage).assignments) {
      const before = stage.assignments.find((own) => own.id === id && own.id !== second!.id)
      if (before !== undefined) expect(place).toBe(before.place)
    }
  })

  it('put what a client sends where it belongs, and refuse another length', () => {
    const record = recordOf(EGGROLL)
    const { stage } = begun(record)
    const { id, clientId } = stage.assignments[1]!
    const update = (values: readonly number[]) => ({
      ...{ assignmentId: id, clientId, weight: 5, codec: 'float32', length: values.length },
      ...{ hash: 'h' as never, bytes: encodeCoordinates(Float32Array.from(values)) },
    })
    const placed = decodeUpdate(record, stage, update([3, -1]))
    expect(placed.ok && [...placed.value]).toEqual([0, 0, 3, -1, 0, 0])
    const whole = decodeUpdate(record, stage, update([0, 0, 3, -1, 0, 0]))
    expect(whole.ok ? null : whole.error.code).toBe('shape-mismatch')
  })
})
