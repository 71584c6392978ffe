import { unflatten } from '@tessera/adapters'
import { leadingColumns, matrix, multiply, symmetricEigen } from '@tessera/math'
import { hashBytes } from '@tessera/protocol'
import {
  type ClientWork,
  createFederation,
  examplesOf,
  FEDERATION_CLIENTS,
  FEDERATION_SITES,
  packUpdate,
  pooledClient,
  randomMatrix,
  type SyntheticClient,
  secondMoment,
  sketchedBy,
  testRandom,
} from '@tessera/testing'
import { type BlobHash, type ClientId, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { decodeCoordinates, decodeFactors } from './artefacts.ts'
import { withArtefactRanks } from './frozen-factors.ts'
import { createMemoryStore } from './memory-store.ts'
import { archiveOf } from './run-archive.ts'
import { passProbes, roundLayout, trainLayout, withRanks } from './stage-layout.ts'
import { verifyRun } from './verify-run.ts'

const [narrow, wide] = FEDERATION_SITES

/** Inputs of `q_proj` vary along one direction, those of `down_proj` along all: the one explains more than any other. */
const SPREAD = [[9, 1, 0.1, 0.1, 0.1], new Array(8).fill(1)]

const dataOf = (client: ClientId): SyntheticClient[] =>
  FEDERATION_SITES.map(({ outDim, inDim }, at) => {
    const random = testRandom(client.charCodeAt(0) + at)
    const weight = examplesOf(client)
    const drawn = randomMatrix(3 * weight, inDim, random)
    const inputs = matrix(
      drawn.rows,
      inDim,
      drawn.data.map((value, i) => value * SPREAD[at][i % inDim] + 0.5),
    )
    return { gradient: matrix(outDim, inDim), inputs, weight }
  })

/** A finished run of LoRA from EVA's federated passes, with what clients sent of each round. */
async function evaRun() {
  const store = createMemoryStore()
  const federation = createFederation(
    {
      adapter: { method: 'lora', rank: 2, alpha: 4, start: 'zero' },
      aggregator: { rule: 'factor-mean' },
      initialisation: {
        ...{ name: 'eva', tokens: 'all', rho: 2 },
        data: { kind: 'federated', oversample: 4, powerPasses: 1, batches: 1 },
      },
      total: 2,
    },
    { store },
  )
  const { record, engine, stateOf } = federation
  await engine.createRun(record)
  const work: ClientWork = async (client, { kind, pass, round, artefact }) => {
    if (kind === 'train') {
      const { length } = roundLayout(withRanks(record, stateOf()), round)
      return new Float32Array(length).fill(1 / 64)
    }
    const panels = artefact && unwrap(decodeFactors((await store.readBlob(artefact as BlobHash))!))
    const sent = passProbes(record, pass, panels).map(({ probe }, at) => sketchedBy(dataOf(client)[at], probe))
    return Float32Array.from(sent.flatMap((moments) => [...moments]))
  }
  const answers: string[] = []
  await federation.join()
  for (let sent = federation.transport.takeAssignments(); sent.length > 0; ) {
    for (const { clientId, message } of sent) {
      const update = packUpdate(clientId, message, await work(clientId, message))
      const answer = await engine.receive(record.runId, { ...update, hash: hashBytes(update.bytes) }, {})
      answers.push(answer.ok ? 'accepted' : answer.error.message)
    }
    await federation.rest()
    sent = federation.transport.takeAssignments()
  }
  await engine.close()
  return { store, record, state: stateOf(), answers }
}

describe('a run whose initialisation gives each layer a rank of its own', () => {
  it('trains and stores factors of these ranks, as many in all as the run has', async () => {
    const { store, record, state, answers } = await evaRun()
    expect(answers).toEqual(Array(18).fill('accepted')) // four passes and two rounds of three clients
    expect(state).toMatchObject({ phase: 'finished', ranks: { [narrow.name]: 1, [wide.name]: 3 } })
    const layout = trainLayout(withRanks(record, state))
    expect(layout.length).toBe(1 * (6 + 5) + 3 * (4 + 8))
    const coordinates = unwrap(decodeCoordinates((await store.readBlob(state.coordinates!))!, layout.length))
    const pooled = pooledClient(FEDERATION_CLIENTS.map((client) => dataOf(client)[0]))
    const { vectors } = symmetricEigen(secondMoment(pooled.inputs, true))
    const started = unflatten(layout, coordinates)[`${narrow.name}.A`].map((value) => value - 2 / 64)
    const inside = multiply(matrix(1, 5, Float64Array.from(started)), leadingColumns(vectors, 1)).data[0]
    expect(Math.abs(inside)).toBeCloseTo(1, 4)
  })

  it('tells them in its log and its artefact, and can be recomputed from its updates', async () => {
    const { store, record, state } = await evaRun()
    const artefact = (await store.readBlob(state.factors!))!
    expect(unwrap(withArtefactRanks(record, artefact))).toEqual(withRanks(record, state))
    const checks = []
    for await (const finding of verifyRun(await archiveOf(store, record.runId))) checks.push(finding)
    expect(checks.flatMap((finding) => (finding.type === 'result' ? [finding.check] : []))).toEqual(
      Array(6).fill('recomputed'),
    )
    expect(checks.at(-1)).toMatchObject({ type: 'end', phase: 'finished' })
  })
})
