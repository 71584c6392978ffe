import {
  type Assignment,
  type Effect,
  type FederationSpec,
  federationSpec,
  initialState,
  type RunEvent,
  type RunRecord,
  type RunState,
  transition,
} from '@tessera/federation'
import { blobHash, clientId, type ErrorCode, runId, type Site } from '@tessera/vocabulary'
import { expect } from 'vitest'

/** What a story's run may choose; everything else is small and fixed. */
export interface StorySpec {
  readonly size?: number
  readonly quorum?: number
  readonly total?: number
  readonly attempts?: number
  readonly overSelection?: number
  /** The run's time for a stage: 1000 ms by default, after which a quorum is enough at once. */
  readonly deadline?: FederationSpec['rounds']['deadline']
  /** Synchronous by default, without late updates. */
  readonly mode?: FederationSpec['rounds']['mode']
  readonly persist?: FederationSpec['persist']['updates']
  /** Of one column more than the rank, where only its name is given. */
  readonly initialisation?: 'weights' | 'federated-sketch' | FederationSpec['initialisation']
  readonly sites?: readonly Site[]
  /** LoRA-SB of rank 2 from R₀ = diag(s) / 2 by default. */
  readonly adapter?: FederationSpec['adapter']
  readonly aggregator?: FederationSpec['aggregator']
  readonly rankPolicy?: FederationSpec['rankPolicy']
  readonly serverOptimizer?: FederationSpec['serverOptimizer']
}

const SKETCH = { name: 'federated-sketch', oversample: 1, powerPasses: 0, batches: 1 }

/** A run over one site of [6, 5] at rank 2 from time 0: two clients, two rounds, factors from the base weights. */
export function storyRecord(choices: StorySpec = {}): RunRecord {
  const { size = 2, quorum = 2, overSelection = 1, initialisation = 'weights' } = choices
  const { total = 2, attempts = 2, deadline = { softMs: 1000, hardMs: 1000 }, mode = { kind: 'sync' } } = choices
  const named = { 'weights': { name: 'weights' }, 'federated-sketch': SKETCH }
  const spec = federationSpec.parse({
    seed: 5,
    adapter: choices.adapter ?? { method: 'lora-sb', rank: 2, initialStep: 0.5 },
    aggregator: choices.aggregator,
    rankPolicy: choices.rankPolicy,
    serverOptimizer: choices.serverOptimizer,
    initialisation: typeof initialisation === 'string' ? named[initialisation] : initialisation,
    rounds: { total, cohort: { size, quorum, overSelection }, deadline, mode, attempts },
    persist: { updates: choices.persist ?? 'keep-all' },
  })
  return {
    runId: runId('run-1'),
    spec: spec as RunRecord['spec'],
    sites: choices.sites ?? [{ name: 'layers.0.q_proj', outDim: 6, inDim: 5 }],
    model: [{ path: 'model.safetensors', hash: hashNamed('m'), size: 1 }],
    updateBound: 1,
    createdAt: 0,
  }
}

/** A run's life told event by event. */
export interface RunStory {
  readonly record: RunRecord
  readonly state: RunState
  /** Moves the story's clock to that time. */
  at(time: number): void
  /** An event that the run accepts; the effects that it asks for. */
  tell(event: RunEvent): readonly Effect[]
  /** An event that the run refuses: the code. The state stays the same object. */
  refuse(event: RunEvent): ErrorCode
}

export function createStory(record: RunRecord, start: RunState = initialState(record)): RunStory {
  let state = start
  let now = 0
  return {
    record,
    get state() {
      return state
    },
    at: (time) => {
      now = time
    },
    tell: (event) => {
      const next = transition(record, state, { ...event, at: now })
      if (!next.ok) throw next.error
      expect(next.value.state.seq).toBe(state.seq + 1)
      state = next.value.state
      return next.value.effects
    },
    refuse: (event) => {
      const before = structuredClone(state)
      const next = transition(record, state, { ...event, at: now })
      expect(state).toEqual(before)
      if (next.ok) throw new Error(`${event.type} was accepted in phase ${before.phase}`)
      return next.error.code
    },
  }
}

/** What a story asks of the world, one line an effect. */
export const linesOf = (effects: readonly Effect[]): string[] =>
  effects.map((effect) => {
    if (effect.type === 'assign') return `assign ${effect.assignment.clientId}`
    if (effect.type === 'cancel') return `cancel ${effect.clientId}: ${effect.reason}`
    if (effect.type === 'set-deadline') return `set-deadline ${effect.at}`
    return effect.type === 'evaluate' ? `evaluate ${effect.round}` : effect.type
  })

/** What has become of each client's part of the stage under way. */
export const statusesOf = ({ stage }: RunState): Record<string, string> =>
  Object.fromEntries((stage?.assignments ?? []).map((own) => [own.clientId, own.status]))

/** A run in the first round, at time 0, with these clients at work: as many as the cohort has. */
export function inRoundOne(clients: readonly string[], spec: StorySpec = {}): RunStory {
  const story = createStory(storyRecord({ size: clients.length, ...spec }))
  return told(story, [...clients.map((client) => joined(client)), factorsMade])
}

/** The story with these events told. */
export function told(story: RunStory, events: readonly RunEvent[]): RunStory {
  for (const event of events) story.tell(event)
  return story
}

export const joined = (client: string, examples = 10): RunEvent => ({
  type: 'client-joined',
  clientId: clientId(client),
  examples,
})
export const left = (client: string): RunEvent => ({ type: 'client-left', clientId: clientId(client), how: 'left' })
export const lost = (client: string): RunEvent => ({ type: 'client-left', clientId: clientId(client), how: 'lost' })

/** The arrival of this client's update of the stage under way. */
export const updateOf = ({ stage }: RunState, client: string, weight = 10): RunEvent => ({
  type: 'update-received',
  ...workOf(stage?.assignments ?? [], client),
  weight,
  hash: hashNamed(`update of ${client}`),
})
export const failureOf = ({ stage }: RunState, client: string): RunEvent => ({
  type: 'assignment-failed',
  ...workOf(stage?.assignments ?? [], client),
  reason: 'out of memory',
})

function workOf(assignments: readonly Assignment[], client: string) {
  const own = assignments.find((assignment) => assignment.clientId === client)
  if (own === undefined) throw new Error(`${client} has no part in the stage under way`)
  return { assignmentId: own.id, clientId: own.clientId }
}

/** A well-formed blob hash that starts with the name's characters in hexadecimal. */
export function hashNamed(name: string) {
  const text = Array.from(name, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return blobHash(text.padEnd(64, '0'))
}

export const factorsMade: RunEvent = {
  type: 'factors-made',
  factors: hashNamed('factors'),
  coordinates: hashNamed('start'),
}
export const passReduced: RunEvent = { type: 'pass-reduced', panel: hashNamed('panel') }
export const deadlinePassed: RunEvent = { type: 'deadline-passed' }
export const committed: RunEvent = { type: 'committed' }
export const paused: RunEvent = { type: 'paused', cause: 'asked', reason: 'asked to' }
export const resumed: RunEvent = { type: 'resumed' }
export const restarted: RunEvent = { type: 'restarted' }
export const aggregated: RunEvent = {
  type: 'aggregated',
  coordinates: hashNamed('next'),
  largestUpdate: [0.25],
  updateNorm: 0.5,
}
