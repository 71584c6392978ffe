import type { ClientId } from '@tessera/vocabulary'
import type { Clock } from './ports.ts'

/** Alarms for clients whose connection is lost, and who may be back before they ring. */
export class ReturnWatch {
  readonly #clock: Clock
  readonly #alarms = new Map<ClientId, (() => void)[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rings at that time, unless the client returns. */
  expect(clientId: ClientId, at: number, ring: () => void): void {
    const alarms = this.#alarms.get(clientId) ?? []
    this.#alarms.set(clientId, [...alarms, this.#clock.wakeAt(at, ring)])
  }

  returned(clientId: ClientId): void {
    for (const cancel of this.#alarms.get(clientId) ?? []) cancel()
    this.#alarms.delete(clientId)
  }

  close(): void {
    for (const clientId of [...this.#alarms.keys()]) this.returned(clientId)
  }
}
