import { parseRunSpec } from '@tessera/runs'
import { expect, it } from 'vitest'
import { DEMO_CLIENTS, demoSpec } from './demo-spec.ts'

it('is Fed-SB of rank 32 on every linear layer, for all clients, and differs by its seed alone', () => {
  const spec = demoSpec(5)
  expect(parseRunSpec(spec)).toEqual({ ok: true, value: spec })
  expect(spec.adapter).toMatchObject({ method: 'lora-sb', rank: 32 })
  expect(spec.targets).toEqual(demoSpec(1).targets)
  expect(spec.initialisation.name).toBe('federated-sketch')
  expect(spec.rounds.cohort).toMatchObject({ size: DEMO_CLIENTS, quorum: DEMO_CLIENTS })
  expect({ ...spec, seed: 1 }).toEqual(demoSpec(1))
})
