import type { Ports } from './ports.ts'
import type { RunDuties, Version } from './run-duties.ts'
import type { RunRecord } from './run-state.ts'

/** Measurements of a run's versions, one after the other, beside the rounds; none of them holds a round up. */
export class Evaluations {
  readonly #record: RunRecord
  readonly #ports: Pick<Ports, 'log' | 'observer' | 'store'>
  readonly #duties: Pick<RunDuties, 'evaluate'>
  #last: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(
    record: RunRecord,
    ports: Pick<Ports, 'log' | 'observer' | 'store'>,
    duties: Pick<RunDuties, 'evaluate'>,
  ) {
    this.#record = record
    this.#ports = ports
    this.#duties = duties
  }

  /** Settles when all that was added is measured. */
  get done(): Promise<void> {
    return this.#last
  }

  /** What fails, or is not reached, is measured by the next start. */
  add(version: Version): void {
    this.#last = this.#last
      .then(() => this.#measure(version))
      .catch((error: unknown) => this.#ports.log.warn(`evaluation of round ${version.round} failed`, { error }))
  }

  /** The versions that an earlier life of the coordinator did not get to. */
  async addLeft(): Promise<void> {
    const { store } = this.#ports
    const left = (await store.versionsOf(this.#record.runId)).filter(({ evaluated }) => !evaluated)
    const changes = left.length === 0 ? [] : await this.#baseChanges()
    for (const version of left) this.add({ ...version, ...changes[version.round] })
  }

  /** What each round had added to the base weights, by the log; empty where it adds nothing. */
  async #baseChanges(): Promise<Pick<Version, 'baseChange'>[]> {
    const changes: Pick<Version, 'baseChange'>[] = [{}]
    for await (const { event } of this.#ports.store.eventsOf(this.#record.runId)) {
      if (event.type === 'aggregated') changes.push(event.baseChange ? { baseChange: event.baseChange } : {})
    }
    return changes
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#stopped = true
  }

  async #measure(version: Version): Promise<void> {
    if (this.#stopped) return
    const metrics = await this.#duties.evaluate(version)
    await this.#ports.store.addEvaluation(this.#record.runId, version.round, metrics)
    this.#ports.observer.measured(this.#record, metrics)
  }
}
