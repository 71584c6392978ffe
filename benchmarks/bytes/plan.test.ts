import { codecs } from '@tessera/codecs'
import { createRunRecord } from '@tessera/runs'
import { runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { bundledModel } from '../federation/bundled.ts'
import { specOf } from './bench-case.ts'
import { casesOf, coordinatesFor, METHODS } from './plan.ts'

const model = await bundledModel()
const ALL = { rates: null, rounds: null, steps: 35, seed: 1, testRows: 2000, only: undefined, codec: undefined }
const cases = casesOf(model, ALL)

describe('the plan', () => {
  it.each(cases.map((settings) => [settings.method, settings.codec.codec, settings] as const))(
    'has a legal run for %s with %s',
    (_method, _codec, settings) => {
      const record = createRunRecord({ runId: runId('r'), spec: specOf(settings), model, files: [], createdAt: 0 })
      expect(record.spec).toMatchObject({ rounds: { total: settings.rounds }, codec: settings.codec })
    },
  )

  it('has every method, and Fed-SB with every codec', () => {
    expect(new Set(cases.map(({ method }) => method))).toEqual(new Set(METHODS))
    expect(casesOf(model, { ...ALL, only: 'fed-sb' }).map(({ codec }) => codec.codec)).toEqual(codecs.names)
  })

  it('runs the rates that are asked for, and tells FedKSeed its own', () => {
    const asked = casesOf(model, { ...ALL, rates: [0.1, 0.3], only: 'fedkseed' })
    expect(asked.map(({ subspace }) => subspace.learningRate)).toEqual([0.1, 0.3])
  })

  it('measures 12 rounds after 4, 8 and 12, and 36 after every twelfth', () => {
    const pairs = cases.map(({ rounds, every }) => `${rounds}/${every}`)
    expect(new Set(pairs)).toEqual(new Set(['12/4', '36/12']))
  })
})

describe('coordinatesFor', () => {
  it('takes 2,410,176 / 500 = 4,820 numbers of float32 for one 500th of the bytes', () => {
    expect(coordinatesFor('float32', 500, model)).toBe(4820)
  })

  it('takes nearly four times as many of int8, and seven of int4: their blocks have steps', () => {
    expect(coordinatesFor('int8', 500, model) / 4820).toBeCloseTo(32 / 8.125, 1)
    expect(coordinatesFor('int4', 500, model) / 4820).toBeCloseTo(32 / 4.5, 1)
  })
})
