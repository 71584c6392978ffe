import { type CohortMember, cohortMember, type RoundView, roundView } from '@tessera/protocol'
import { blobHash } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { type DemoMeasurements, demoResult } from './demo-result.ts'
import { demoSpec } from './demo-spec.ts'
import { summaryTable } from './summary.ts'

/** R of 28 layers, 32 × 32 in float32: 4 · 32² · 28. */
const PLAIN_BYTES = 114_688
const HASH = blobHash('0'.repeat(64))

function member(clientId: string, uploadBytes: number, status: CohortMember['status']): CohortMember {
  const assignmentId = `run.train-1.${clientId}`
  const work = { step: 35, steps: 35, loss: 1, weight: 10 }
  const bytes = { uploadBytes, downloadBytes: 10 * uploadBytes, retryBytes: 0, floorBytes: uploadBytes - 100 }
  return cohortMember.parse({ clientId, assignmentId, status, ...work, ...bytes })
}

/** A round with two updates; a pass has a size of its own, and is no round. */
function round(kind: 'probe' | 'train', committedAt: number): RoundView {
  const size = kind === 'probe' ? 500_000 : 4_000
  return roundView.parse({
    ...{ runId: 'demo-1', round: kind === 'probe' ? 0 : 1, kind, pass: 0, startedAt: 1_000, committedAt },
    cohort: [member('client-1', size, 'delivered'), member('client-2', size + 1_000, 'delivered')],
    ...{ uploadBytes: 2 * size, downloadBytes: 20 * size, retryBytes: 0 },
    ...{ updateBytes: PLAIN_BYTES / 8, plainBytes: 2 * PLAIN_BYTES, uploadFloorBytes: size, downloadFloorBytes: size },
    ...{ gridExponents: null, coordinatesHash: null, updateNorm: 1 },
  })
}

const MEASURED: DemoMeasurements = {
  spec: demoSpec(7),
  dashboard: 'http://127.0.0.1:1/#token=t',
  before: { rows: 2_000, loss: 5, accuracy: 0.1 },
  after: { rows: 2_000, loss: 3, accuracy: 0.6 },
  rounds: [round('probe', 4_000), round('train', 31_000), round('train', 60_000)],
  exported: {
    ...{ adapterDir: '/tmp/adapter', adapterHash: HASH, format: 'peft', reason: 'the rank allows', round: 2, rank: 32 },
    exactness: { maxDifference: 1e-8, relative: 1e-7 },
  },
  baselines: null,
  startedAt: 1_000,
  endedAt: 101_000,
}

it('has the keys that scripts read, with numbers from what the rounds say', () => {
  const result = demoResult(MEASURED)
  expect(result).toMatchObject({
    ...{ accuracyBefore: 0.1, accuracyAfter: 0.6, rounds: 2, clients: 3, seed: 7 },
    ...{ uploadBytesPerClientRound: 4_500, payloadFloorBytes: PLAIN_BYTES, floorBytesPerClientRound: 4_400 },
    ...{ adapterDir: '/tmp/adapter', adapterHash: HASH, firstRoundSeconds: 30, seconds: 100, uploadSaving: 16 },
  })
  expect(result).not.toHaveProperty('accuracyCentral')
})

it('has the baselines when they were trained', () => {
  const accuracyAlone = { 'client-1': 0.5, 'client-2': 0.4 }
  const result = demoResult({
    ...MEASURED,
    baselines: { accuracyCentral: 0.61, accuracyBestAlone: 0.5, accuracyAlone },
  })
  expect(result).toMatchObject({ accuracyCentral: 0.61, accuracyBestAlone: 0.5 })
})

it('divides the float32 bytes by the updates that arrived', () => {
  const { cohort, plainBytes, ...rest } = round('train', 31_000)
  const lost = { ...rest, plainBytes: plainBytes / 2, cohort: [cohort[0]!, { ...cohort[1]!, status: 'lost' as const }] }
  expect(demoResult({ ...MEASURED, rounds: [lost] }).payloadFloorBytes).toBe(PLAIN_BYTES)
})

it('shows people both floors beside the bytes', () => {
  const text = summaryTable(demoResult(MEASURED))
  expect(text).toMatch(/up, a client and round +│ 4\.5 kB/)
  expect(text).toMatch(/4·r²·sites +│ 114\.7 kB/)
  expect(text).toMatch(/codec could send +│ 4\.4 kB/)
})
