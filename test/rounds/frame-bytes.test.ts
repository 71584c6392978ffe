/** What the frames of a run weigh on the wire, all around the update included. */
import { createHash } from 'node:crypto'
import { federationSpec, packUpdate } from '@tessera/federation'
import { createRandomStream } from '@tessera/math'
import { encodeFrame, type Message, PROTOCOL_VERSION } from '@tessera/protocol'
import { assignmentId, clientId, runId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'

const CLIENT = clientId('client-1')
const hex = (text: string) => createHash('sha256').update(text).digest('hex')
/** Ids as the demo and the engine make them. */
function workOf(run: string, round: number) {
  const id = `demo-${hex(run).slice(0, 8)}`
  return { runId: runId(id), round, assignmentId: assignmentId(`${id}.train-${round}.${CLIENT}`) }
}
/** A loss as a worker measures it: all 17 digits of it. */
const lossOf = (name: string) => Number.parseInt(hex(name).slice(0, 13), 16) / 2 ** 51

/** An update of 28 matrices of 32 × 32, with the three metrics of a worker. */
function updateFrame(run: string, round: number): Uint8Array {
  const length = 28 * 32 * 32
  const random = createRandomStream({ seed: round, purpose: run, round, client: 1, block: 0 })
  const values = Float32Array.from({ length }, () => 0.01 * random.bell())
  const spec = federationSpec.parse({ seed: 3, codec: { codec: 'ternary', density: 0.1 } })
  const { codec, bytes } = packUpdate({ spec, kind: 'train', round }, values, CLIENT)
  const metrics = { 'train-loss': lossOf(`${run}a`), 'last-loss': lossOf(`${run}b`), 'tokens': 51_234 + round }
  const work = workOf(run, round)
  return encodeFrame({
    message: { type: 'update', ...work, weight: 2048, codec, length, blob: null, metrics },
    body: bytes,
  })
}

it('an update of 28 matrices of 32 × 32 at 10 % takes at most 0.62 bits a coordinate, frame and header included', () => {
  const lengths = Array.from({ length: 20 }, (_, at) => updateFrame(`run ${at}`, 1 + at).length)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(Math.floor((28 * 32 * 32 * 0.62) / 8))
  expect(Math.min(...lengths)).toBeGreaterThan(2058) // which is the update
})

const { runId: run, round, assignmentId: id } = workOf('run', 7)
const small: readonly [Message, number][] = [
  [{ type: 'progress', runId: run, round, assignmentId: id, step: 3, steps: 8, loss: lossOf('loss') }, 100],
  [{ type: 'accepted', duplicate: false }, 36],
  [
    {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      token: '',
      clientId: CLIENT,
      clientSecret: hex('secret').slice(0, 48),
      examples: 2048,
      device: 'cpu',
      software: 'tessera-worker 0.1.0',
    },
    120,
  ],
]
it.each(small)('a message without a body takes few bytes: %#', (message, most) => {
  expect(encodeFrame({ message }).length).toBeLessThanOrEqual(most)
})
