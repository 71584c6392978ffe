/** Works that must not overlap: each begins when the one before has ended, well or badly. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Settles when all turns that were taken so far have ended. */
  async done(): Promise<void> {
    await this.#last
  }
}
