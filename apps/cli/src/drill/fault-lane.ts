import type { NetworkFault } from './network-fault.ts'
import type { ProxyTally } from './proxy-tally.ts'
import type { Random } from './seeded-random.ts'
import { type SocketMessage, withFlippedBit } from './socket-message.ts'

/** A message that waits for the next one, to be sent after it, waits no longer than this. */
const HOLD_MS = 500

export interface LaneParts {
  /** The fault at this moment. */
  readonly fault: () => NetworkFault | null
  readonly random: Random
  readonly tally: ProxyTally
  readonly send: (message: SocketMessage) => void
}

/** One direction of one connection. Without a fault messages leave as they came; with latency too they keep their order. */
export class FaultLane {
  readonly #parts: LaneParts
  readonly #outbox: { readonly message: SocketMessage; readonly at: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #held: { readonly message: SocketMessage; readonly timer: NodeJS.Timeout } | null = null

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  push(message: SocketMessage): void {
    this.#parts.tally.messages += 1
    const fault = this.#parts.fault()
    if (this.#held !== null && message.payload) this.#swap(message)
    else if (fault?.kind === 'latency') this.#delay(message, fault)
    else if (message.payload && this.#isHit(fault)) this.#disturb(message, fault)
    else this.#leave(message)
  }

  /** Nothing more will come: what is on its way arrives now. */
  close(): void {
    this.#release()
    clearTimeout(this.#timer)
    for (const { message } of this.#outbox.splice(0)) this.#parts.send(message)
  }

  #isHit(fault: NetworkFault | null): fault is NetworkFault & { share: number } {
    return fault !== null && 'share' in fault && this.#parts.random.chance(fault.share)
  }

  #disturb(message: SocketMessage, { kind }: NetworkFault): void {
    if (kind === 'corrupt') this.#damage(message)
    else if (kind === 'reorder') this.#hold(message)
    else this.#repeat(message)
  }

  #delay(message: SocketMessage, { delayMs, jitterMs }: NetworkFault & { kind: 'latency' }): void {
    this.#parts.tally.delayed += 1
    this.#leave(message, Date.now() + delayMs - jitterMs + this.#parts.random.below(2 * jitterMs + 1))
  }

  #repeat(message: SocketMessage): void {
    this.#parts.tally.repeated += 1
    this.#leave(message)
    this.#leave(message)
  }

  #swap(message: SocketMessage): void {
    this.#parts.tally.swapped += 1
    this.#leave(message)
    this.#release()
  }

  #damage(message: SocketMessage): void {
    const damaged = withFlippedBit(message, (n) => this.#parts.random.below(n))
    if (damaged !== null) this.#parts.tally.damaged += 1
    this.#leave(damaged ?? message)
  }

  #hold(message: SocketMessage): void {
    this.#held = { message, timer: setTimeout(() => this.#release(), HOLD_MS) }
  }

  #release(): void {
    if (this.#held === null) return
    const { message, timer } = this.#held
    clearTimeout(timer)
    this.#held = null
    this.#leave(message)
  }

  /** Send at that time, but not before what came earlier. */
  #leave(message: SocketMessage, at = Date.now()): void {
    this.#outbox.push({ message, at: Math.max(at, this.#outbox.at(-1)?.at ?? 0) })
    this.#pump()
  }

  #pump(): void {
    clearTimeout(this.#timer)
    const now = Date.now()
    while (this.#outbox.length > 0 && this.#outbox[0].at <= now) {
      this.#parts.send((this.#outbox.shift() as { message: SocketMessage }).message)
    }
    if (this.#outbox.length > 0) this.#timer = setTimeout(() => this.#pump(), this.#outbox[0].at - now)
  }
}
