import { createExactSum } from '@tessera/math'
import { storyRecord } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { chooseGrid, sumGrid } from './grid.ts'
import { initialState } from './initial-state.ts'
import type { RunState, Stage } from './run-state.ts'

const sites = [
  { name: 'q_proj', outDim: 6, inDim: 5 },
  { name: 'k_proj', outDim: 4, inDim: 8 },
]
const record = storyRecord({ sites, initialisation: 'federated-sketch' })
const members = { a: { examples: 30, present: true }, b: { examples: 34, present: false } }
const state = (changes: Partial<RunState> = {}): RunState => ({ ...initialState(record), members, ...changes })

describe('chooseGrid', () => {
  it('leaves room for four times the examples known: 4 · 64 = 2^8 of the 2^53 that float64 adds exactly', () => {
    expect(chooseGrid(record, state(), { kind: 'train', index: 1 })).toEqual({
      exponents: [-45, -45], // 1 / 2^-45 · 2^8 = 2^53
      weightLimit: 256,
    })
  })

  it('gives a pass the range ±64, whatever rounds do', () => {
    const { exponents } = chooseGrid(record, state({ largestUpdate: [1e-9, 1e-9] }), { kind: 'probe', index: 0 })
    expect(exponents).toEqual([-39, -39])
  })

  it('follows the largest update of the round before with room for 1024 times as much, site by site', () => {
    const small = state({ largestUpdate: [2 ** -20, 2 ** -12] })
    expect(chooseGrid(record, small, { kind: 'train', index: 2 }).exponents).toEqual([-55, -47])
  })

  it('never goes beyond the bound of the local optimizer, and falls back to it where nothing moved', () => {
    const mixed = state({ largestUpdate: [0.5, 0] })
    expect(chooseGrid(record, mixed, { kind: 'train', index: 2 }).exponents).toEqual([-45, -45])
  })

  it('has a grid also before anyone has examples', () => {
    expect(chooseGrid(record, state({ members: {} }), { kind: 'train', index: 1 }).weightLimit).toBe(1)
  })
})

describe('sumGrid', () => {
  const stage = (kind: Stage['kind'], index: number): Stage => ({
    kind,
    index,
    attempt: 1,
    assignments: [],
    closed: false,
    softDeadlineAt: 0,
    deadlineAt: 0,
    grid: chooseGrid(record, state(), { kind, index }),
  })

  it('covers the coordinates of a round: 2² numbers a site', () => {
    const { segments } = sumGrid(record, stage('train', 1))
    expect(segments.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 4],
      [4, 4],
    ])
  })

  it('covers the sketches of a pass: 3 columns of outDim, then 3 rows of inDim', () => {
    const lengths = (index: number) => sumGrid(record, stage('probe', index)).segments.map(({ length }) => length)
    expect(lengths(0)).toEqual([3 * 6, 3 * 4])
    expect(lengths(1)).toEqual([3 * 5, 3 * 8])
  })

  it('takes the bound at full weight, and refuses what is beyond it', () => {
    const sum = createExactSum(sumGrid(record, stage('train', 1)))
    sum.addInto(new Float32Array(8).fill(-1), 256)
    expect(sum.mean()).toEqual(new Float32Array(8).fill(-1))
    expect(() => createExactSum(sumGrid(record, stage('train', 1))).addInto(new Float32Array(8).fill(1.5), 1)).toThrow(
      expect.objectContaining({ code: 'grid-overflow' }),
    )
  })
})
