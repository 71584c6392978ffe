import { type Effect, NEXT, type RunEvent, type RunRecord, type RunState, type Stage } from '@tessera/federation'
import type { AssignmentId } from '@tessera/vocabulary'

/** One accepted transition of a history. */
export interface Seen {
  readonly record: RunRecord
  readonly before: RunState
  readonly event: RunEvent
  readonly after: RunState
  readonly effects: readonly Effect[]
  readonly now: number
}

/** A broken law ends the history. Plain checks: a history is played a hundred thousand times. */
export function demand(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Error(`broken: ${law}`)
}

export const openIn = ({ stage }: RunState) => stage?.assignments.filter(({ status }) => status === 'open') ?? []
export const receivedIn = ({ stage }: RunState) =>
  stage?.assignments.filter(({ status }) => status === 'received') ?? []
export const hasEnded = ({ phase }: RunState): boolean => phase === 'finished' || phase === 'abandoned'
export const acceptsUpdates = ({ phase, stage }: RunState): boolean =>
  stage !== null && !stage.closed && (phase === 'training' || phase === 'initialising')

/** The laws of one transition that need no memory. */
export function checkTransition({ record, before, event, after, effects, now }: Seen): void {
  const row = NEXT[before.phase] as Partial<Record<RunEvent['type'], readonly string[]>>
  demand(row[event.type]?.includes(after.phase) === true, 'the phase follows the table')
  demand(after.seq === before.seq + 1, 'events are numbered one by one')
  demand(after.round - before.round === (event.type === 'committed' ? 1 : 0), 'only a commit ends a round')
  demand((after.phase === 'paused') === (after.pauseCause !== null), 'a pause has a cause')
  demand((after.phase === 'paused') === (after.pausedFrom !== null), 'a pause knows where the run goes on')
  if (after.stage !== null) checkStage(record, after, after.stage)
  for (const { type } of effects) if (type === 'reduce-pass' || type === 'aggregate') checkClosing(record, after)
  if (event.type === 'deadline-passed' && acceptsUpdates(before)) checkDeadlines(record, { before, after, now })
}

function checkClosing({ spec }: RunRecord, after: RunState): void {
  demand(receivedIn(after).length >= spec.rounds.cohort.quorum, 'a stage is closed over a quorum')
}

/** After the soft deadline a quorum is enough; after the hard one there is another attempt, or a pause. */
function checkDeadlines({ spec }: RunRecord, { before, after, now }: Pick<Seen, 'before' | 'after' | 'now'>): void {
  const { softDeadlineAt, deadlineAt, attempt } = before.stage!
  const quorate = receivedIn(before).length >= spec.rounds.cohort.quorum
  demand(!quorate || now < softDeadlineAt || after.stage!.closed, 'from the soft deadline on a quorum is enough')
  const triedAgain = after.stage!.attempt > attempt || after.phase === 'paused'
  demand(quorate || now < deadlineAt || triedAgain, 'no stage waits beyond its hard deadline')
  demand(quorate || now >= deadlineAt || !triedAgain, 'no stage is given up before its hard deadline')
}

/** Staleness and places are counted here from the specification, not by the rules under test. */
function checkStage(record: RunRecord, state: RunState, stage: Stage): void {
  const { cohort, mode, total } = record.spec.rounds
  const { kind, index, assignments } = stage
  const buffered = kind === 'train' && mode.kind === 'buffered' ? mode : null
  const held = assignments.filter(({ status, givenIn }) =>
    buffered === null ? status !== 'failed' && givenIn === index : status === 'open',
  )
  const places = buffered === null ? Math.ceil(cohort.size * cohort.overSelection) : cohort.size
  const enough = buffered === null ? cohort.size : buffered.bufferSize
  const staleness = stalenessLimit(record.spec, kind)
  const clients = assignments.map(({ clientId }) => clientId)
  const working = state.phase === 'paused' ? state.pausedFrom : state.phase
  demand(held.length <= places, 'no more clients than places')
  demand(!acceptsUpdates(state) || receivedIn(state).length < enough, 'a stage that has enough is closed')
  demand(new Set(clients).size === clients.length, 'a client has one part in a stage')
  for (const { status, givenIn, weight, from } of assignments) {
    demand((status === 'received') === weight > 0, 'an update has a weight, and nothing else has one')
    demand(givenIn <= index && index - givenIn <= staleness, 'no work is staler than allowed')
    demand((from === null) === (kind === 'probe'), 'work of a round starts from coordinates')
    demand(
      !(stage.closed && status === 'open') || (index + 1 - givenIn <= staleness && index < total),
      'only work that the next round takes stays open',
    )
    demand(
      !(stage.closed && status === 'failed' && givenIn === index && staleness === 0),
      'a closed stage holds no failures of its own',
    )
  }
  demand(working === 'initialising' ? kind === 'probe' : kind === 'train', 'the stage is that of the phase')
  demand(
    working === 'initialising' || stage.closed === (working !== 'training'),
    'a stage is closed for the coordinator’s work',
  )
}

/** Who is at work that the next round takes is left at it, unless it gave it up itself. */
function checkCarried({ record: { spec }, before, event, after }: Pick<Seen, 'record' | 'before' | 'event' | 'after'>) {
  const { kind, index } = after.stage!
  if (kind === 'probe' || index === spec.rounds.total) return
  const left = new Set<string>(after.stage!.assignments.map(({ id }) => id))
  const actor = 'clientId' in event ? event.clientId : null
  for (const { id, clientId, givenIn } of openIn(before)) {
    const kept = left.has(id) || clientId === actor
    demand(kept || index + 1 - givenIn > stalenessLimit(spec, kind), 'work that the next round takes is not called off')
  }
}

function stalenessLimit({ rounds: { mode } }: RunRecord['spec'], kind: Stage['kind']): number {
  if (kind === 'probe') return 0
  if (mode.kind === 'buffered') return mode.maxStaleness
  return mode.onLate === 'next-round' ? 1 : 0
}

/** What clients and the clock know, and what was counted where: from events and effects alone. */
export class HistoryMemory {
  /** Updates that were accepted, and the stage that counted each. */
  readonly #counted = new Map<AssignmentId, string>()
  /** Work that present clients are at, or were told of since they came. */
  readonly #atWork = new Set<AssignmentId>()
  #alarm: number | null = null

  check({ before, event, after, effects, now, record }: Seen): void {
    this.#count(before, event, after)
    if (before.stage?.closed === false && after.stage?.closed === true) checkCarried({ record, before, event, after })
    if (event.type === 'deadline-passed' && this.#alarm !== null && now >= this.#alarm) this.#alarm = null
    if (event.type === 'restarted') this.#forgetAll()
    if (event.type === 'client-joined' || event.type === 'client-left') this.#forget(before, event.clientId)
    if (event.type === 'update-received' || event.type === 'assignment-failed') this.#atWork.delete(event.assignmentId)
    for (const effect of effects) this.#perform(effect, after)
    this.#checkWork(after)
    this.#checkAlarm(after, record)
  }

  /** No update twice, none lost: what a stage is closed over is all that was accepted for it. */
  #count(before: RunState, event: RunEvent, after: RunState): void {
    if (event.type === 'update-received') {
      demand(!this.#counted.has(event.assignmentId), 'no update is counted twice')
      demand(before.stage !== null && !before.stage.closed, 'a closed stage counts nothing')
      this.#counted.set(event.assignmentId, nameOf(before.stage))
    }
    if (after.stage === null) return
    const name = nameOf(after.stage)
    const received = receivedIn(after)
    demand(
      received.every(({ id }) => this.#counted.get(id) === name),
      'a stage counts what came in it',
    )
    let counted = 0
    for (const stage of this.#counted.values()) if (stage === name) counted += 1
    demand(counted === received.length, 'no update of a stage is lost')
  }

  #perform(effect: Effect, after: RunState): void {
    if (effect.type === 'set-deadline') this.#alarm = effect.at
    if (effect.type === 'cancel') {
      this.#atWork.delete(effect.assignmentId)
      demand(!openIn(after).some(({ id }) => id === effect.assignmentId), 'what is called off is not awaited')
    }
    if (effect.type === 'assign') {
      const { id, clientId } = effect.assignment
      demand(
        openIn(after).some((own) => own.id === id),
        'what is given out is awaited',
      )
      demand(after.members[clientId] !== undefined, 'only clients that are known are asked')
      if (after.members[clientId]?.present) this.#atWork.add(id)
    }
  }

  /** Who is present and has open work was told of it; who is at work that nobody awaits was told to stop. */
  #checkWork(after: RunState): void {
    const open = openIn(after)
    for (const { id, clientId } of open) {
      const told = this.#atWork.has(id) || after.phase === 'paused' || !after.members[clientId]?.present
      demand(told, 'a client knows its work')
    }
    for (const id of this.#atWork)
      demand(
        open.some((own) => own.id === id),
        'nobody works in vain',
      )
  }

  #checkAlarm({ phase, stage, recruitUntil }: RunState, { createdAt }: RunRecord): void {
    if (phase === 'recruiting' && this.#alarm !== null) demand(this.#alarm <= recruitUntil, 'recruiting has an end')
    if (stage === null || stage.closed || (phase !== 'training' && phase !== 'initialising')) return
    const at = this.#alarm ?? createdAt - 1
    demand(at === stage.softDeadlineAt || at === stage.deadlineAt, 'an open stage has a deadline that is set')
  }

  #forgetAll(): void {
    this.#atWork.clear()
    this.#alarm = null
  }

  #forget(state: RunState, client: string): void {
    for (const { id, clientId } of openIn(state)) if (clientId === client) this.#atWork.delete(id)
  }
}

const nameOf = ({ kind, index }: Stage): string => `${kind}-${index}`
