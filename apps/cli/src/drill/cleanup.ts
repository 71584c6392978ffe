import { FedError } from '@tessera/vocabulary'

/** What a drill has made on this machine and must take away again, last first, however it ends. */
export class Cleanup {
  readonly #undo: (() => Promise<void>)[] = []
  #closed = false

  /** Make something that `undo` takes away; what is still being made when the drill ends is taken away when it is there. */
  hold<T>(make: () => Promise<T>, undo: (made: T) => Promise<unknown>): Promise<T> {
    if (this.#closed) throw new FedError('cancelled', 'the drill is over')
    const making = make()
    this.#undo.push(async () => {
      const made = await making.then(
        (value) => ({ value }),
        () => null, // whoever made it has heard of it
      )
      if (made !== null) await undo(made.value)
    })
    return making
  }

  /** Everything is tried; what could not be taken away is said at the end. @throws {FedError} `internal` */
  async run(): Promise<void> {
    this.#closed = true
    const failures: unknown[] = []
    for (const undo of this.#undo.splice(0).reverse()) await undo().catch((error: unknown) => failures.push(error))
    if (failures.length === 0) return
    throw new FedError('internal', `the drill could not take away all it made: ${failures.join('; ')}`, {
      cause: failures[0],
    })
  }
}
