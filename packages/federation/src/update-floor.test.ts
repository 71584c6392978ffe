import { expect, it } from 'vitest'
import { stepFloorBytes, updateFloorBytes } from './update-floor.ts'

const spec = { codec: { codec: 'float16' }, seed: 7 }

it('is 2 bytes a coordinate of a float16 round, and 4 of a pass, which travels as it is', () => {
  expect(updateFloorBytes({ spec, kind: 'train' }, 100)).toBe(200)
  expect(updateFloorBytes({ spec, kind: 'probe' }, 100)).toBe(400)
})

it('is 4 bytes a coordinate of a step that travels whole, and what the codec of the down-link says of another', () => {
  expect(stepFloorBytes({ downlink: { codec: 'none' } }, 100)).toBe(400)
  expect(stepFloorBytes({ downlink: { codec: 'float16' } }, 100)).toBe(200)
})
