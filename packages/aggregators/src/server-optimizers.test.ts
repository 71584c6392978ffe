import { describeServerOptimizer } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import {
  encodeServerState,
  type ServerOptimizer,
  serverAdagrad,
  serverAdam,
  serverMomentum,
  serverNone,
  serverOptimizers,
  serverYogi,
} from './index.ts'

for (const optimizer of serverOptimizers.plugins) describeServerOptimizer(optimizer)
describeServerOptimizer(serverAdagrad, { beta1: 0.5 })
describeServerOptimizer(serverMomentum, { momentum: 0, learningRate: 2 })

/** The steps of three rounds and what is remembered after them. */
function trajectory(optimizer: ServerOptimizer, options: Record<string, unknown>, updates: readonly number[][]) {
  const config = optimizer.config.parse(options)
  let state = optimizer.begin(updates[0]!.length, config)
  const steps = updates.map((update) => {
    const next = optimizer.step(state, Float32Array.from(update), config)
    state = next.state
    return Array.from(next.update)
  })
  return { steps, state: state.map((slot) => Array.from(slot)) }
}

const UNIT = { learningRate: 1, beta1: 0.5, adaptivity: 1 } // so v starts at 1

describe('server optimizers, worked by hand', () => {
  it('none: the update itself, and nothing is remembered', () => {
    const update = Float32Array.of(1, -2)
    const step = serverNone.step([], update, {})
    expect(step).toEqual({ update, state: [] })
    expect(encodeServerState(step.state)).toHaveLength(0)
  })

  it('momentum: m = m/2 + update', () => {
    const { steps, state } = trajectory(serverMomentum, { momentum: 0.5 }, [
      [1, -2],
      [1, 0],
      [0, 4],
    ])
    expect(steps).toEqual([
      [1, -2],
      [1.5, -1],
      [0.75, 3.5],
    ])
    expect(state).toEqual([[0.75, 3.5]])
  })

  it('adam: m = m/2 + update/2, v = v/2 + update²/2, step m / (√v + 1)', () => {
    const { steps, state } = trajectory(serverAdam, { ...UNIT, beta2: 0.5 }, [
      [1, -7], // v = 1, 25
      [7, 5], // v = 25, 25
      [5, -5], // v = 25, 25
    ])
    expect(steps).toEqual(
      [
        [0.25, -3.5 / 6],
        [3.75 / 6, 0.75 / 6],
        [4.375 / 6, -2.125 / 6],
      ].map((step) => step.map(Math.fround)),
    )
    expect(state).toEqual([
      [4.375, -2.125],
      [25, 25],
    ])
  })

  it('yogi: v moves by update²/2 towards update², and stays where it is equal', () => {
    const { steps, state } = trajectory(serverYogi, { ...UNIT, beta2: 0.5 }, [
      [1, -4], // v = 1 since 1 = 1², and 1 + 8
      [4, 3], // v = 1 + 8, and 9 since 9 = 3²
      [0, 4], // v = 9 and 9 + 8
    ])
    expect(steps).toEqual([
      [0.25, -0.5],
      [0.5625, 0.125],
      [0.28125, Math.fround(2.25 / (Math.sqrt(17) + 1))],
    ])
    expect(state).toEqual([
      [1.125, 2.25],
      [9, 17],
    ])
  })

  it('yogi: v shrinks by a small update² only, where adam forgets by its share', () => {
    const [, variance] = trajectory(serverYogi, { ...UNIT, beta2: 0.5 }, [[0.5], [0]]).state
    expect(variance).toEqual([0.875]) // 1 - 0.25/2, then nothing
    const [, forgotten] = trajectory(serverAdam, { ...UNIT, beta2: 0.5 }, [[0.5], [0]]).state
    expect(forgotten).toEqual([0.3125]) // (1 + 0.25)/2, then half of it
  })

  it('adagrad: v = v + update², no momentum', () => {
    const { steps, state } = trajectory(serverAdagrad, { learningRate: 1, adaptivity: 1 }, [
      [0.75, 0], // √v = 1.25, 1
      [3, -0.75], // √v = 3.25, 1.25
      [0, 3], // √v = 3.25, 3.25
    ])
    expect(steps).toEqual(
      [
        [0.75 / 2.25, 0],
        [3 / 4.25, -0.75 / 2.25],
        [0, 3 / 4.25],
      ].map((step) => step.map(Math.fround)),
    )
    expect(state).toEqual([
      [0, 3],
      [10.5625, 10.5625],
    ])
  })

  it('a step that float32 can not hold is refused, not stored', () => {
    const config = serverAdam.config.parse({})
    const step = () => serverAdam.step(serverAdam.begin(1, config), Float32Array.of(1e30), config)
    expect(step).toThrow(expect.objectContaining({ code: 'not-finite' })) // 1e60 / 100 is beyond 3.4e38
  })
})

describe('serverOptimizers', () => {
  it('are selected by name with the defaults of their papers', () => {
    expect(serverOptimizers.names).toEqual(['adagrad', 'adam', 'momentum', 'none', 'yogi'])
    expect(serverOptimizers.selection.parse({ name: 'adagrad' })).toEqual({
      name: 'adagrad',
      learningRate: 0.01,
      beta1: 0,
      adaptivity: 1e-3,
    })
    expect(serverOptimizers.selection.safeParse({ name: 'none', beta1: 0 }).success).toBe(false)
    const missing = serverOptimizers.byName('lion')
    expect(missing.ok ? '' : missing.error.code).toBe('unknown-server-optimizer')
  })
})
