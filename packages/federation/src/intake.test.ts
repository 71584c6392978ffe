import { createStory, factorsMade, hashNamed, joined, lost, storyRecord } from '@tessera/testing'
import { clientId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { encodeCoordinates } from './artefacts.ts'
import { admitUpdate, decodeUpdate } from './intake.ts'
import type { StoredUpdate } from './ports.ts'
import type { Stage } from './run-state.ts'

const story = createStory(storyRecord())
for (const event of [joined('a', 10), joined('b', 20), factorsMade]) story.tell(event)
const { record, state } = story
const stage = state.stage as Stage

const values = Float32Array.of(0.5, -1, 0.25, 0)
const update: StoredUpdate = {
  assignmentId: stage.assignments[0].id,
  clientId: clientId('a'),
  weight: 10,
  codec: 'float32',
  length: 4,
  hash: hashNamed('update'),
  bytes: encodeCoordinates(values),
}

const codeOf = (changes: Partial<StoredUpdate>) => {
  const admitted = admitUpdate(record, state, { ...update, ...changes })
  return admitted.ok ? 'ok' : admitted.error.code
}

describe('admitUpdate', () => {
  it('decodes an update of the stage under way', () => {
    expect(admitUpdate(record, state, update)).toEqual({ ok: true, value: values })
  })

  it.each([
    ['more weight than its client has examples', { weight: 11 }, 'invalid-message'],
    ['weight from a client that never joined', { clientId: clientId('z'), weight: 1 }, 'invalid-message'],
    ['another codec than the run’s', { codec: 'float16' }, 'unknown-codec'],
    ['another number of coordinates', { length: 5 }, 'shape-mismatch'],
    ['a byte too few', { bytes: update.bytes.subarray(1) }, 'corrupt-update'],
    ['a byte too many', { bytes: Uint8Array.of(...update.bytes, 0) }, 'corrupt-update'],
    ['a NaN', { bytes: encodeCoordinates(Float32Array.of(0, Number.NaN, 0, 0)) }, 'not-finite'],
    ['an infinity', { bytes: encodeCoordinates(Float32Array.of(0, 0, 0, Number.POSITIVE_INFINITY)) }, 'not-finite'],
  ])('refuses %s', (_what, changes, code) => {
    expect(codeOf(changes)).toBe(code)
  })

  it('refuses everything while no stage is under way', () => {
    const admitted = admitUpdate(record, { ...state, stage: null }, update)
    expect(admitted.ok ? 'ok' : admitted.error.code).toBe('round-over')
  })
})

describe('decodeUpdate', () => {
  it('reads what was admitted again, also when its client has come back with fewer examples', () => {
    story.tell(lost('a'))
    story.tell(joined('a', 1))
    expect(admitUpdate(record, story.state, update).ok).toBe(false)
    expect(decodeUpdate(record, stage, update)).toEqual({ ok: true, value: values })
  })
})
