import { FedError } from '@tessera/vocabulary'

/** Set from outside to end work between two of its steps. */
export interface Cancellation {
  readonly cancelled: boolean
}

/** @throws {FedError} `cancelled` */
export function throwIfCancelled(signal: Cancellation | undefined): void {
  if (signal?.cancelled) throw new FedError('cancelled', 'the work was cancelled between two steps')
}
