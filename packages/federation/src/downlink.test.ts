import { codecs } from '@tessera/codecs'
import { hashBytes } from '@tessera/protocol'
import { FEDERATION_SITES } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { encodeCoordinates } from './artefacts.ts'
import { checkDownlink, sentMove, takeStep } from './downlink.ts'
import { federationSpec } from './federation-spec.ts'
import { moved } from './moved-coordinates.ts'
import { roundLayout, type StageSetting, trainLayout } from './stage-layout.ts'

function settingOf(downlink: object, change: object = {}): StageSetting {
  const adapter = { method: 'lora-sb', rank: 2, initialStep: 0 }
  const spec = federationSpec.parse({ seed: 3, adapter, downlink, ...change })
  return { spec: spec as StageSetting['spec'], sites: FEDERATION_SITES }
}
const layoutsOf = (setting: StageSetting) => ({ all: trainLayout(setting), active: roundLayout(setting, 1) })
/** 1, −1/2, 1/4 … */
const falling = Float32Array.from({ length: 8 }, (_, at) => (at % 2 ? -1 : 1) / 2 ** at)
const received = new Float32Array(8).fill(2)

describe('a move that is sent down', () => {
  it('is the move itself without a codec, and nothing is packed', () => {
    const setting = settingOf({ codec: 'none' })
    const move = { layouts: layoutsOf(setting), round: 1, update: falling, before: null }
    expect(sentMove(setting, move)).toEqual({ update: falling, step: null, unsent: null })
  })

  it('is what its codec makes of it, and what that leaves out comes with the next one', () => {
    const setting = settingOf({ codec: 'top-k', density: 0.25 })
    const move = { layouts: layoutsOf(setting), round: 1, update: falling, before: null }
    const first = sentMove(setting, move)
    expect(first.update).toEqual(Float32Array.of(1, -0.5, 0, 0, 0, 0, 0, 0))
    const second = sentMove(setting, { ...move, round: 2, update: new Float32Array(8), before: first.unsent })
    expect(second.update).toEqual(Float32Array.of(0, 0, 0.25, -0.125, 0, 0, 0, 0))
  })

  it.each(codecs.names)('by %s leads everyone who holds the version before to the same bytes', (codec) => {
    const setting = settingOf({ codec })
    const layouts = layoutsOf(setting)
    const { update, step } = sentMove(setting, { layouts, round: 3, update: falling, before: null })
    const next = encodeCoordinates(moved(layouts, received, update))
    const taken = { from: encodeCoordinates(received), round: 3, packed: step!, to: hashBytes(next) }
    expect(unwrap(takeStep(setting, taken))).toEqual(next)
  })

  it('is refused by whoever holds another version, with a code and what happens next; and damaged, by its codec', () => {
    const setting = settingOf({ codec: 'ternary' })
    const layouts = layoutsOf(setting)
    const { update, step } = sentMove(setting, { layouts, round: 1, update: falling, before: null })
    const to = hashBytes(encodeCoordinates(moved(layouts, received, update)))
    const take = (from: Float32Array, packed: Uint8Array) => {
      const taken = takeStep(setting, { from: encodeCoordinates(from), round: 1, packed, to })
      return taken.ok ? 'ok' : [taken.error.code, taken.error.fix]
    }
    expect(take(received, step!)).toBe('ok')
    const fix = 'Nothing has to be done: the version is fetched whole.'
    expect(take(new Float32Array(8), step!)).toEqual(['unknown-version', fix])
    expect(take(new Float32Array(7), step!)).toEqual(['shape-mismatch', undefined])
    expect(take(received, step!.subarray(0, 1))).toEqual(['corrupt-update', undefined])
  })
})

it('a down-link codec is refused where the coordinates have to be exact', () => {
  const lora = { adapter: { method: 'lora', rank: 2 }, aggregator: { rule: 'flora' } }
  const codeOf = (downlink: object) => {
    const checked = checkDownlink(settingOf(downlink, lora))
    return checked.ok ? 'ok' : [checked.error.code, checked.error.fix]
  }
  expect(codeOf({ codec: 'none' })).toBe('ok')
  expect(codeOf({ codec: 'float16' })).toEqual(['invalid-config', 'Set downlink.codec to none.'])
})
