import { asFedError, err, FedError, ok, type Result, unwrap } from '@tessera/vocabulary'
import { type Duty, dutyOf } from './duty.ts'
import type { Effect } from './effects.ts'
import { Evaluations } from './evaluations.ts'
import { gapMetric } from './gap-metric.ts'
import { callOff } from './handlers.ts'
import { admitUpdate, clientMetrics, knownOr, type Measured } from './intake.ts'
import type { Attachments, Commit, Ports, StoredMetric, StoredUpdate } from './ports.ts'
import { RunDuties } from './run-duties.ts'
import type { RunEvent } from './run-events.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { StageFold } from './stage-fold.ts'
import { exactWeight } from './staleness.ts'
import { transition } from './transition.ts'
import { Turns } from './turns.ts'
import { sendWork } from './work-order.ts'

/**
 * One run, driven: every event is applied by `transition`, stored with the state it leads to in one commit, and only
 * then are its effects performed. Events of a run are handled one after the other, in the order they came.
 */
export class RunActor {
  readonly record: RunRecord
  readonly #ports: Ports
  readonly #duties: RunDuties
  readonly #evaluations: Evaluations
  readonly #fold: StageFold
  readonly #turns = new Turns()
  #state: RunState
  #cancelWake: () => void = () => {}
  /** Duties that are asked for and not done yet. */
  #concluding = 0
  #closed = false

  constructor(record: RunRecord, state: RunState, ports: Ports) {
    this.record = record
    this.#state = state
    this.#ports = ports
    this.#duties = new RunDuties(record, ports)
    this.#evaluations = new Evaluations(record, ports, this.#duties)
    this.#fold = new StageFold(record, ports.store)
  }

  get state(): RunState {
    return this.#state
  }

  /** Apply one event; a refusal changes nothing. */
  handle(event: RunEvent): Promise<Result<RunState, FedError>> {
    return this.#turns.take(() => this.#apply(event))
  }

  /**
   * Take in one update: decode, check, fold, store. The same update twice is accepted twice and counted once. A late one
   * that comes while its stage is closed waits for the coordinator to be done with it.
   */
  async receive(update: StoredUpdate, measured: Measured): Promise<Result<{ duplicate: boolean }, FedError>> {
    for (;;) {
      const answer = await this.#turns.take(() => this.#receive(update, measured))
      const closing = !answer.ok && answer.error.code === 'round-closing'
      if (!closing || this.#concluding === 0) return answer
    }
  }

  /** Measure the versions that an earlier life of the coordinator did not get to. */
  evaluateLeft(): Promise<void> {
    return this.#evaluations.addLeft()
  }

  /** Stop driving: no event is applied any more, and what is being measured is measured to its end. */
  async close(): Promise<void> {
    this.#stop()
    await this.#turns.done()
    await this.#evaluations.done
  }

  /** Stop driving, measure nothing more, and call off what clients still work at. */
  async callOff(reason: string): Promise<void> {
    this.#evaluations.stop()
    await this.close()
    const run = { record: this.record, state: this.#state }
    for (const effect of callOff(this.#state, reason)) sendWork(this.#ports.transport, run, effect)
  }

  #stop(): void {
    this.#closed = true
    this.#cancelWake()
  }

  async #receive(update: StoredUpdate, measured: Measured): Promise<Result<{ duplicate: boolean }, FedError>> {
    const { assignmentId, clientId, weight, hash } = update
    const event = { type: 'update-received', assignmentId, clientId, weight, hash } as const
    if (this.#closed) return err(new FedError('unreachable', 'the coordinator is stopping'))
    const trial = transition(this.record, this.#state, { ...event, at: this.#ports.clock.now() })
    if (!trial.ok) return knownOr(trial.error, update, { record: this.record, store: this.#ports.store })
    const decoded = admitUpdate(this.record, this.#state, update)
    if (!decoded.ok) return this.#refuse(update, decoded.error)
    const fold = await this.#fold.of(this.#state)
    const added = fold.add(decoded.value, exactWeight(this.record, this.#state.stage as Stage, update))
    if (!added.ok) return this.#refuse(update, added.error)
    const metrics = clientMetrics(this.#state, update, measured, this.#ports.clock.now())
    const applied = await this.#apply(event, { update, metrics }).catch((error: unknown) => {
      this.#fold.drop() // it holds an update that was not stored
      throw error
    })
    return applied.ok ? ok({ duplicate: false }) : applied
  }

  /** A refused update can not become right by sending it again: its place in the round is free. */
  async #refuse(update: StoredUpdate, error: FedError): Promise<Result<never, FedError>> {
    this.#ports.log.warn(`update of ${update.clientId} refused: ${error.message}`, { code: error.code })
    const reason = `${error.code}: ${error.message}`
    await this.#apply({
      type: 'assignment-failed',
      assignmentId: update.assignmentId,
      clientId: update.clientId,
      reason,
    })
    return err(error)
  }

  async #apply(event: RunEvent, attachments: Attachments = {}): Promise<Result<RunState, FedError>> {
    if (this.#closed) return err(new FedError('unreachable', 'the coordinator is stopping'))
    const timed = { ...event, at: this.#ports.clock.now() }
    const next = transition(this.record, this.#state, timed)
    if (!next.ok) return next
    const { state, effects } = next.value
    await this.#commit({ runId: this.record.runId, event: timed, state, ...attachments })
    this.#fold.keepFor(state)
    this.#state = state
    if (state.stage === null && state.phase !== 'recruiting') this.#cancelWake()
    this.#ports.observer.changed(this.record, state, timed)
    if (attachments.metrics !== undefined) this.#ports.observer.measured(this.record, attachments.metrics)
    if (!this.#closed) for (const effect of effects) this.#perform(effect)
    return ok(state)
  }

  /** A coordinator that another one has followed writes nothing more. */
  async #commit(commit: Commit): Promise<void> {
    try {
      await this.#ports.store.commit(commit)
    } catch (error) {
      if (asFedError(error).code === 'superseded') this.#stop()
      throw error
    }
  }

  #perform(effect: Effect): void {
    const { transport, clock } = this.#ports
    if (effect.type === 'assign' || effect.type === 'cancel') {
      sendWork(transport, { record: this.record, state: this.#state }, effect)
    } else if (effect.type === 'set-deadline') {
      this.#cancelWake()
      this.#cancelWake = clock.wakeAt(effect.at, () => this.#wake())
    } else if (effect.type === 'evaluate') {
      this.#evaluate(effect.round)
    } else {
      this.#conclude(effect.type)
    }
  }

  /** A deadline that comes too late for its phase is no event. */
  #wake(): void {
    if (!['recruiting', 'initialising', 'training'].includes(this.#state.phase)) return
    this.handle({ type: 'deadline-passed' }).catch((error: unknown) => this.#pause(error))
  }

  /** Work at the coordinator that ends in an event of its own; nothing when an earlier turn already did it. */
  #conclude(duty: Duty): void {
    this.#concluding += 1
    const turn = this.#turns.take(async () => {
      if (this.#closed || dutyOf(this.#state) !== duty) return
      const { event, metrics, ...attachments } = await this.#duties.perform(duty, this.#state, () =>
        this.#fold.of(this.#state),
      )
      const gap = duty === 'aggregate' ? await this.#gap() : []
      unwrap(await this.#apply(event, { ...attachments, ...(metrics && { metrics: [...metrics, ...gap] }) }))
    })
    turn
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        this.#concluding -= 1
      })
  }

  /** A number that can not be had holds no round up. */
  async #gap(): Promise<readonly StoredMetric[]> {
    const fold = await this.#fold.of(this.#state)
    return gapMetric({ record: this.record, state: this.#state, fold }, this.#ports).catch((error: unknown) => {
      this.#ports.log.warn(`the aggregation gap of run ${this.record.runId} can not be measured`, { error })
      return []
    })
  }

  /** What can not be done pauses the run and says why; `resumed` tries it again. */
  async #pause(error: unknown): Promise<void> {
    const { code, message } = asFedError(error)
    this.#ports.log.error(`run ${this.record.runId} ${this.#closed ? 'stops' : 'pauses'}: ${message}`, { code, error })
    if (this.#closed) return
    await this.handle({ type: 'paused', cause: 'failure', reason: `${code}: ${message}` }).catch((cause: unknown) =>
      this.#ports.log.error(`run ${this.record.runId} can not be paused`, { error: cause }),
    )
  }

  #evaluate(round: number): void {
    const { factors, coordinates, baseChange } = this.#state
    if (factors === null || coordinates === null) return
    this.#evaluations.add({ round, factors, coordinates, ...(baseChange && { baseChange }) })
  }
}
