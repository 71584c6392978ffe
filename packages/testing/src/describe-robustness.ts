import type { Aggregator, HonestUpdates } from '@tessera/aggregators'
import { uniformGrid } from '@tessera/math'
import { type Update, unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aLittleIsEnough,
  attacks,
  distanceOf,
  honestUpdates,
  LARGE_NORM,
  littleEnough,
  meanOf,
  normOf,
} from './attacks.ts'
import { breakdownPoint, CROWD } from './breakdown-point.ts'

/** Multiples of 2^-20 up to 2^23, for at most 1024 updates. */
const GRID_STEP = 2 ** -20
const LENGTH = 6

/** A rule with its options, on updates that all count the same. */
export interface RuleUnderAttack {
  readonly aggregator: Aggregator
  readonly config: Record<string, unknown>
}

/**
 * The laws of a rule's robustness: at its breakdown point it stays within the bound that it states, whatever the
 * attackers send; where it says that it breaks, it does; with fewer clients than it needs it says so.
 */
export function describeRobustness(rule: RuleUnderAttack): void {
  const { robustness } = rule.aggregator
  const minimum = robustness.minimumClients(rule.config)
  const sizes = [minimum, minimum + 1, minimum + 2, minimum + 5]
  describe(`robustness: ${robustness.text}`, () => {
    for (const attack of attacks) {
      it(`stays within its bound of the honest mean under ${attack.name}, at the breakdown point`, () => {
        for (const clients of sizes) {
          const attackers = robustness.tolerates(clients, rule.config)
          const honest = honestUpdates(clients - attackers, LENGTH, clients)
          expectWithinBound(rule, honest, Array(attackers).fill(attack.vector(honest, attackers)))
        }
      })
    }

    it('stays within its bound and its hull whatever the attackers send', () => {
      fc.assert(
        fc.property(cohortUnderAttack(rule, minimum), ({ honest, attacking }) => {
          expectWithinBound(rule, honest, attacking)
          expectWithinHull(rule, honest, attacking)
        }),
      )
    })

    it('is moved as far as they like by the number of attackers that is said to break it', () => {
      for (const clients of sizes) {
        const attackers = robustness.breaks(clients, rule.config)
        expect(attackers).toBeGreaterThan(robustness.tolerates(clients, rule.config))
        if (attackers < clients) expectBroken(rule, clients, attackers)
      }
    })
    describeCrowd(rule)
    if (minimum > 1) describeMinimum(rule, minimum)
  })
}

/** Of a few clients, the attackers that hide can only send the honest mean: their z is 0. */
function describeCrowd({ aggregator, config: options }: RuleUnderAttack): void {
  const { config, attackers } = breakdownPoint(aggregator, options, CROWD)
  if (attackers === 0) return
  it(`stays within its bound of the honest mean where ${attackers} of ${CROWD} clients hide beside it`, () => {
    expect(littleEnough(CROWD, attackers)).toBeGreaterThan(0.3)
    for (let seed = 0; seed < 5; seed++) {
      const honest = honestUpdates(CROWD - attackers, LENGTH, seed)
      const hidden = aLittleIsEnough.vector(honest, attackers)
      expect(distanceOf(hidden, meanOf(honest))).toBeGreaterThan(0.3)
      expectWithinBound({ aggregator, config }, honest, Array(attackers).fill(hidden))
      expectWithinHull({ aggregator, config }, honest, Array(attackers).fill(hidden))
    }
  })
}

function describeMinimum(rule: RuleUnderAttack, minimum: number): void {
  it(`refuses to decide among ${minimum - 1} updates with too-few-clients, and decides among ${minimum}`, () => {
    const fold = rule.aggregator.begin(uniformGrid(1, -20, 1024), rule.config)
    for (let count = 1; count < minimum; count++) unwrap(fold.add(Float32Array.of(2), 1))
    const refused = expect.objectContaining({ code: 'too-few-clients', fix: expect.stringContaining(`${minimum}`) })
    expect(() => fold.finish()).toThrow(refused)
    unwrap(fold.add(Float32Array.of(2), 1))
    expect(fold.finish()).toEqual(Float32Array.of(2))
  })
}

/** The rule's result, every update counted once. */
export function aggregateUnderAttack({ aggregator, config }: RuleUnderAttack, updates: readonly Update[]): Update {
  const fold = aggregator.begin(uniformGrid(updates[0]!.length, Math.log2(GRID_STEP), 1024), config)
  for (const update of updates) unwrap(fold.add(update, 1))
  return fold.finish()
}

function expectWithinBound(rule: RuleUnderAttack, honest: readonly Update[], attacking: readonly Update[]): void {
  const mean = meanOf(honest)
  const distance = distanceOf(aggregateUnderAttack(rule, [...honest, ...attacking]), mean)
  const bound = rule.aggregator.robustness.bound(spreadOf(honest, attacking.length), rule.config)
  expect(distance).toBeLessThanOrEqual(bound * (1 + 1e-6) + roundingOf(normOf(mean) + distance))
}

/** What rounding to the grid and to float32 may add to an L2 norm of about `size`. */
const roundingOf = (size: number): number => Math.sqrt(LENGTH) * GRID_STEP + size * 2 ** -23

function expectWithinHull(rule: RuleUnderAttack, honest: readonly Update[], attacking: readonly Update[]): void {
  const { hull } = rule.aggregator.robustness
  if (hull === 'none') return
  const updates = hull === 'honest' ? honest : [...honest, ...attacking]
  for (const [at, value] of aggregateUnderAttack(rule, [...honest, ...attacking]).entries()) {
    const column = updates.map((update) => update[at]!)
    expect(value).toBeGreaterThanOrEqual(Math.min(...column) - roundingOf(Math.abs(value)))
    expect(value).toBeLessThanOrEqual(Math.max(...column) + roundingOf(Math.abs(value)))
  }
}

/** All attackers send the same vector, 2^20 from the origin; broken means dragged along by a fair part of that. */
function expectBroken(rule: RuleUnderAttack, clients: number, attackers: number): void {
  const honest = honestUpdates(clients - attackers, LENGTH, clients)
  const far = Float32Array.from({ length: LENGTH }, () => LARGE_NORM / Math.sqrt(LENGTH))
  const result = aggregateUnderAttack(rule, [...honest, ...Array(attackers).fill(far)])
  expect(distanceOf(result, meanOf(honest))).toBeGreaterThan(LARGE_NORM / (2 * clients))
}

/** The numbers that a rule's bound is made of. */
export function spreadOf(honest: readonly Update[], attackers: number): HonestUpdates {
  const mean = meanOf(honest)
  const ranges = Array.from(mean, (_, at) => {
    const column = honest.map((update) => update[at]!)
    return Math.max(...column) - Math.min(...column)
  })
  return {
    clients: honest.length + attackers,
    attackers,
    meanNorm: normOf(mean),
    radius: Math.max(...honest.map((update) => distanceOf(update, mean))),
    range: normOf(ranges),
  }
}

/** Honest updates in [−4, 4], and as many attackers as the rule tolerates: far away, nearby, or echoing the honest. */
function cohortUnderAttack({ aggregator, config }: RuleUnderAttack, minimum: number) {
  const vector = (limit: number): fc.Arbitrary<Update> =>
    fc.float32Array({ min: -limit, max: limit, noNaN: true, minLength: LENGTH, maxLength: LENGTH })
  const vectors = (limit: number, count: number) => fc.array(vector(limit), { minLength: count, maxLength: count })
  return fc.integer({ min: minimum, max: minimum + 5 }).chain((clients) => {
    const attackers = aggregator.robustness.tolerates(clients, config)
    return vectors(4, clients - attackers).chain((honest) => {
      const echo = fc.tuple(fc.constantFrom(...honest), fc.constantFrom(-1, 0.5, 1, 1.25, 1000))
      const sent = fc.oneof(
        vector(LARGE_NORM),
        vector(8),
        echo.map(([update, factor]) => update.map((value) => value * factor)),
      )
      const attacking = fc.array(sent, { minLength: attackers, maxLength: attackers })
      return fc.record({ honest: fc.constant(honest), attacking })
    })
  })
}
