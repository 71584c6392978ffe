import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidResidual, type Residual } from '@tessera/federation'
import type { Assignment } from '@tessera/protocol'
import { type AssignmentId, asFedError, type FedError, type RunId } from '@tessera/vocabulary'
import { diskError } from './disk-error.ts'
import {
  decodeFinishedWork,
  decodeResidual,
  encodeFinishedWork,
  type FinishedWork,
  residualHash,
} from './finished-work.ts'
import { writeWhole } from './whole-file.ts'

const FROM = ['artefact', 'coordinates', 'baseChange'] as const

/** What waits longer than so many later results is for rounds that are long over. */
const MOST_RESULTS = 16

/**
 * Finished work on the worker's disk until the coordinator has taken it: a worker that dies in between sends what it
 * has when it is back and does not train again. A disk that fails costs that, and nothing else.
 *
 * A result that leaves a residual lies here before it is sent, and becomes the residual of its run in one step when it
 * is taken, by a new name: there is no moment at which the worker could count it twice, or not at all.
 */
export class ResultShelf {
  readonly #results: string
  readonly #residuals: string
  readonly #failed: (error: FedError) => void
  /** Names of the results, oldest first; a clock that was set would tell another order. */
  readonly #names = new Set<string>()
  #opened = false

  constructor(stateFolder: string, failed: (error: FedError) => void) {
    this.#results = join(stateFolder, 'results')
    this.#residuals = join(stateFolder, 'residuals')
    this.#failed = failed
  }

  /** What is kept. At first that is what an earlier process left, of which is removed what is torn, foreign or of another protocol. */
  async open(): Promise<readonly FinishedWork[]> {
    const kept: FinishedWork[] = []
    const names = this.#opened ? [...this.#names] : await readdir(this.#results).catch(() => [])
    this.#opened = true // from now on what has another name is being written
    for (const name of names) {
      const work = await this.#read(name)
      if (work !== null) kept.push(work)
    }
    return kept
  }

  /** @throws {FedError} `disk-full` and others, where the work leaves a residual: then it can not be sent yet. */
  async keep(work: FinishedWork): Promise<void> {
    const write = async (): Promise<void> => {
      await mkdir(this.#results, { recursive: true })
      await writeWhole(this.#pathOf(nameOf(work.message.assignmentId)), encodeFinishedWork(work))
      this.#names.add(nameOf(work.message.assignmentId))
    }
    await (work.residual === null ? this.#tried(write) : write())
    for (const name of [...this.#names].slice(0, -MOST_RESULTS)) await this.#remove(name)
  }

  has(id: AssignmentId): boolean {
    return this.#names.has(nameOf(id))
  }

  /** The result of this assignment, if it is here and was made from what the assignment names, and this residual. */
  async find(assignment: Assignment, before: Residual | null): Promise<FinishedWork | null> {
    const { assignmentId } = assignment
    const work = await this.#read(nameOf(assignmentId))
    if (work === null) return null
    const isSame = FROM.every((part) => work.from[part] === assignment[part])
    if (isSame && work.from.residual === residualHash(before)) return work
    await this.drop(assignmentId)
    return null
  }

  /** The coordinator has the result: what it leaves is the residual of the run from now on. */
  async take({ message: { assignmentId, runId }, residual }: FinishedWork): Promise<void> {
    if (residual === null) return this.drop(assignmentId)
    const name = nameOf(assignmentId)
    if (!this.#names.has(name)) return // it was taken already
    try {
      await mkdir(this.#residuals, { recursive: true })
      await rename(this.#pathOf(name), this.#residualPath(runId))
    } catch (error) {
      throw diskError(error)
    }
    this.#names.delete(name)
  }

  /**
   * What the last result of a run that was taken has left; null before the first.
   *
   * @throws {FedError} `invalid-residual`: its file is torn or altered; going on without it is for people to decide.
   */
  async residualOf(runId: RunId): Promise<Residual | null> {
    const path = this.#residualPath(runId)
    const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (file === null) return null
    const residual = decodeResidual(file)
    if (residual !== null) return residual
    throw invalidResidual(`the residual of run ${runId} is torn or altered`, path)
  }

  /** The result will never be taken; what the ones before it have left stays. */
  drop(id: AssignmentId): Promise<void> {
    return this.#remove(nameOf(id))
  }

  async #read(name: string): Promise<FinishedWork | null> {
    const file = await readFile(this.#pathOf(name)).catch(() => null)
    if (file === null) return null
    const work = decodeFinishedWork(file)
    if (work !== null && nameOf(work.message.assignmentId) === name) {
      this.#names.add(name)
      return work
    }
    await this.#remove(name)
    return null
  }

  async #remove(name: string): Promise<void> {
    this.#names.delete(name)
    await this.#tried(() => rm(this.#pathOf(name), { force: true }))
  }

  async #tried(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#failed(asFedError(error)))
  }

  #pathOf(name: string): string {
    return join(this.#results, name)
  }

  #residualPath(runId: RunId): string {
    return join(this.#residuals, `${runId}.residual`)
  }
}

const nameOf = (id: AssignmentId): string => `${id}.update`
