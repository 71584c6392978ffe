import { describe, expect, it } from 'vitest'
import { exampleCurve } from './example-curve.ts'
import { targetsOf } from './targets.ts'

const TERNARY = { codec: 'ternary', density: 0.1 }

const curves = [
  // 1,000 bytes before round 1; the rounds take 2,000 and 50.
  exampleCurve({ method: 'fed-sb' }, [
    [0, 0.5, 1000, 5],
    [2, 0.75, 3000, 20],
  ]),
  exampleCurve({ method: 'fed-sb', codec: TERNARY }, [
    [0, 0.5, 1000, 5],
    [2, 0.734375, 1050, 20],
  ]),
  exampleCurve({ method: 'fedavg' }, [
    [0, 0.5, 0, 0],
    [2, 0.75, 80_000, 30],
  ]),
  exampleCurve({ method: 'ferret', subspace: { name: 'ferret', coordinates: 20 } }, [
    [0, 0.5, 0, 0],
    [1, 0.65, 80, 12],
    [2, 0.7375, 160, 24],
  ]),
  exampleCurve({ method: 'fedkseed', subspace: { name: 'seed-pool', seeds: 8 } }, [
    [0, 0.5, 0, 0],
    [10, 0.625, 320, 50],
    [20, 0.5625, 640, 100],
  ]),
]

const measured = (what: string) =>
  targetsOf(curves)
    .filter((target) => target.what.includes(what))
    .map((target) => [target.wanted, target.measured, target.reached])

describe('targetsOf', () => {
  it('finds 1/64 lost by the ternary form, at 2000/50 = 40 times fewer bytes in the rounds and 3000/1050 in all', () => {
    expect(measured('accuracy lost')).toEqual([['≤ 0.01', '0.0156', false]])
    expect(measured('bytes of the rounds')).toEqual([['≤ 1/20', '1/40.0', true]])
    expect(measured('whole run')).toEqual([['≤ 1/20', '1/2.9', false]])
  })

  it('finds 0.2375 of a gain of 0.25, which is 0.95, at 80,000/160 = 500 times fewer bytes', () => {
    expect(measured('share')).toEqual([['≥ 0.95', '0.950', true]])
    expect(measured('against FedAvg')).toEqual([['≤ 1/500', '1/500.0', true]])
  })

  it('finds the end of FedKSeed, 56.25 %, where both were first: after rounds 1 and 10, 12 and 50 seconds', () => {
    expect(measured('rounds')).toContainEqual(['< 10', '1', true])
    expect(measured('seconds')).toEqual([['< 50', '12', true]])
  })

  it('says never of a Ferret that does not get there', () => {
    const low = exampleCurve({ method: 'ferret', subspace: { name: 'ferret', coordinates: 9 } }, [[2, 0.51, 72, 9]])
    const told = targetsOf([low, curves.at(-1)!])
    expect(told.map((target) => [target.measured, target.reached])).toEqual([
      ['never', false],
      ['never', false],
    ])
  })

  it('tells nothing of curves that are not there', () => {
    expect(targetsOf(curves.slice(1, 2))).toEqual([])
  })
})
