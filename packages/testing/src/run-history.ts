import { createHash } from 'node:crypto'
import {
  initialState,
  type RunEvent,
  type RunRecord,
  type RunState,
  transition,
  type Waiting,
  waitsFor,
} from '@tessera/federation'
import type { ClientId } from '@tessera/vocabulary'
import { acceptsUpdates, checkTransition, demand, HistoryMemory, hasEnded, openIn } from './history-laws.ts'
import { dutyDone, eventOf, type Happening, HISTORY_CLIENTS, updateFor } from './history-script.ts'

/** A run that got what it named cannot take more steps than this to its end. */
const PATIENCE = 200

/**
 * Play what happens in a run, every law checked at every step; then give the run what it says it waits for, until it
 * ends. Refused events must be such as may be refused, and leave no trace.
 *
 * @returns The number of accepted events.
 */
export function playHistory(record: RunRecord, happenings: readonly Happening[]): number {
  const history = new History(record)
  for (const happening of happenings) {
    if (hasEnded(history.state)) break
    history.wait(happening.elapsedMs)
    history.tell(eventOf(history.state, happening))
  }
  for (let steps = 0; !hasEnded(history.state); steps++) {
    demand(steps < PATIENCE, `the run ends when it gets what it waits for: ${JSON.stringify(history.state)}`)
    giveWhatIsNamed(history, record, steps)
  }
  demand(waitsFor(record, history.state) === null, 'a run that has ended waits for nothing')
  return history.state.seq
}

function giveWhatIsNamed(history: History, record: RunRecord, steps: number): void {
  const { state } = history
  const waiting = waitsFor(record, state)
  demand(waiting !== null, 'a run that has not ended names what it waits for')
  if (waiting.for === 'duty') history.must(dutyDone(state))
  else if (waiting.for === 'person' || waiting.for === 'room') history.must({ type: 'resumed' })
  else if (waiting.for === 'updates') history.must(namedUpdate(state, waiting.of[steps % waiting.of.length]!))
  else comeOrWait(history, waiting, HISTORY_CLIENTS[steps % HISTORY_CLIENTS.length]!)
}

function namedUpdate(state: RunState, client: ClientId): RunEvent {
  const named = openIn(state).find(({ clientId }) => clientId === client)
  demand(named !== undefined, 'the clients that are named have open work')
  return updateFor(named)
}

function comeOrWait(
  history: History,
  { missing, until }: Extract<Waiting, { for: 'clients' }>,
  client: ClientId,
): void {
  demand(missing > 0, 'clients are waited for where there are places')
  if (history.state.members[client]?.present !== true) {
    history.must({ type: 'client-joined', clientId: client, examples: 10 })
  } else {
    history.wait(Math.max(0, until - history.now))
    history.must({ type: 'deadline-passed' })
  }
}

class History {
  readonly #record: RunRecord
  readonly #memory = new HistoryMemory()
  state: RunState
  now = 0

  constructor(record: RunRecord) {
    this.#record = record
    this.state = deepFrozen(initialState(record))
  }

  wait(elapsedMs: number): void {
    this.now += elapsedMs
  }

  /** An event that may be refused. */
  tell(event: RunEvent): boolean {
    const timed = { ...event, at: this.now }
    const next = transition(this.#record, this.state, timed)
    if (!next.ok) {
      const update = event.type === 'update-received' && acceptsUpdates(this.state)
      const awaited = update && openIn(this.state).some((own) => isSame(own, event))
      demand(!awaited, 'an update that is awaited is taken')
      return false
    }
    const { state, effects } = next.value
    const seen = { record: this.#record, before: this.state, event, after: state, effects, now: this.now }
    demand(state.head === headAfter(this.state.head, timed), 'the head is that of the log')
    checkTransition(seen)
    this.#memory.check(seen)
    this.state = deepFrozen(state)
    return true
  }

  must(event: RunEvent): void {
    demand(this.tell(event), `what the run waits for is taken: ${event.type}`)
  }
}

/** The law of the chain, computed by another implementation. */
const headAfter = (head: string, event: RunEvent): string =>
  createHash('sha256')
    .update(`${head}\n${JSON.stringify(event)}`)
    .digest('hex')

const isSame = (own: { id: string; clientId: string }, event: { assignmentId: string; clientId: string }): boolean =>
  own.id === event.assignmentId && own.clientId === event.clientId

/** Frozen to its leaves: a transition that changed its input would throw. */
function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFrozen(part)
  }
  return value
}
