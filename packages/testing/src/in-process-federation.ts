import {
  decodeCoordinates,
  dutyOf,
  Engine,
  encodeCoordinates,
  type RunState,
  type Store,
  type StoredUpdate,
  startFactors,
  type Transport,
  trainLayout,
  type Workbench,
  withRanks,
} from '@tessera/federation'
import { fnv1a32, toFloat32 } from '@tessera/math'
import { type ClientId, clientId, type Site, unwrap } from '@tessera/vocabulary'
import { createFakeClock } from './fake-clock.ts'
import { createRecordingLog } from './recording-log.ts'
import { createRecordingObserver } from './recording-observer.ts'
import { createRecordingTransport } from './recording-transport.ts'
import { hashNamed, type StorySpec, storyRecord } from './run-story.ts'
import { exactSpectrum, matrixOfSpectrum, testRandom } from './synthetic-matrix.ts'

export type AssignmentMessage = Parameters<Transport['assign']>[1]
type CancelledWork = Parameters<Transport['cancel']>[1]

/** What a client makes of its work, instead of training. */
export type ClientWork = (client: ClientId, message: AssignmentMessage) => Float32Array | Promise<Float32Array>

export const FEDERATION_SITES = [
  { name: 'q_proj', outDim: 6, inDim: 5 },
  { name: 'down_proj', outDim: 4, inDim: 8 },
]
export const FEDERATION_CLIENTS: readonly ClientId[] = ['a', 'b', 'c'].map((name) => clientId(name))
const EXAMPLES: Readonly<Record<string, number>> = { a: 10, b: 25, c: 7 }
export const examplesOf = (client: string): number => EXAMPLES[client]!

/** R₀ = 0.5 · diag(1, 0.5) at both sites. */
const START = [0.5, 0, 0, 0.25, 0.5, 0, 0, 0.25]

/** A client's update of a round: multiples of 1/64 that a reader can compute. */
export const knownUpdate = (client: string, round: number): Float32Array =>
  Float32Array.from(START, (_, at) => ((client.charCodeAt(0) * round * (at + 1)) % 17) / 64 - 0.125)

/** θ₀ + Σₜ mean of the round's updates, a mean and a sum each rounded to float32 once; one list of clients a round. */
export const coordinatesByHand = (rounds: readonly (readonly string[])[]): Float32Array =>
  rounds.reduce((theta, clients, at) => {
    const total = clients.reduce((sum, client) => sum + examplesOf(client), 0)
    return theta.map((value, i) => {
      const sum = clients.reduce((s, client) => s + examplesOf(client) * knownUpdate(client, at + 1)[i]!, 0)
      return value + Math.fround(sum / total)
    })
  }, Float32Array.from(START))

/** The factors at the start: the spectra of two fixed base weights with singular values 1 and 0.5. */
export function knownFactors(spec: StorySpec = {}): ReturnType<typeof startFactors> {
  const spectra = FEDERATION_SITES.map((site) => [site.name, exactSpectrum(baseAt(site), 2)] as const)
  return startFactors(storyRecord({ ...spec, sites: FEDERATION_SITES }), Object.fromEntries(spectra))
}

const baseAt = ({ outDim, inDim }: Site) =>
  matrixOfSpectrum({ rows: outDim, cols: inDim }, [1, 0.5], testRandom(outDim)).matrix

/** An encoded update as the coordinator's socket would hand it over. */
export function packUpdate(client: ClientId, { assignmentId }: AssignmentMessage, values: Float32Array): StoredUpdate {
  const bytes = encodeCoordinates(values)
  return {
    assignmentId: assignmentId as StoredUpdate['assignmentId'],
    clientId: client,
    weight: examplesOf(client),
    codec: 'float32',
    length: values.length,
    hash: hashNamed(String(fnv1a32(bytes.join()))),
    bytes,
  }
}

export interface FederationParts {
  readonly store: Store
  readonly workbench?: Partial<Workbench>
}

/** A coordinator on a fake clock whose sends wait for the test; three clients, quorum two, three rounds. */
export function createFederation(spec: StorySpec, { store, workbench }: FederationParts) {
  const record = storyRecord({ size: 3, quorum: 2, total: 3, sites: FEDERATION_SITES, ...spec })
  const clock = createFakeClock()
  const log = createRecordingLog()
  const transport = createRecordingTransport<AssignmentMessage, CancelledWork>()
  const observer = createRecordingObserver()
  const bench: Workbench = {
    makeFactors: async () => knownFactors(spec),
    weightOf: async () => (site) => toFloat32(baseAt(site)),
    evaluate: async () => [],
    ...workbench,
  }
  const engine = new Engine({ clock, log, transport, store, observer, workbench: bench })
  const stateOf = (): RunState => engine.run(record.runId)!.state
  /** Until the coordinator has done its own work. */
  const rest = () => observer.until((state) => dutyOf(state) === null)
  const join = async (clients = FEDERATION_CLIENTS): Promise<void> => {
    for (const client of clients) await engine.join(client, examplesOf(client))
    await rest()
  }
  const send = (client: ClientId, message: AssignmentMessage, values: Float32Array) =>
    engine.receive(record.runId, packUpdate(client, message, values), { 'train-loss': 2 })
  /** Clients do all the work that is sent to them until there is none; the answers, refusals as their codes. */
  const work = async (compute: ClientWork): Promise<string[]> => {
    const answers: string[] = []
    for (let sent = transport.takeAssignments(); sent.length > 0; sent = transport.takeAssignments()) {
      for (const { clientId: client, message } of sent) {
        const answer = await send(client, message, await compute(client, message))
        answers.push(answer.ok ? 'accepted' : answer.error.code)
      }
      await rest()
    }
    return answers
  }
  const coordinates = async (): Promise<Float32Array> => {
    const bytes = await store.readBlob(stateOf().coordinates!)
    return unwrap(decodeCoordinates(bytes!, trainLayout(withRanks(record, stateOf())).length))
  }
  return { record, clock, log, transport, observer, engine, store, stateOf, rest, join, send, work, coordinates }
}

export type InProcessFederation = ReturnType<typeof createFederation>
