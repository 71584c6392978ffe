import type { ExactSum } from '@tessera/math'
import { err, FedError, ok, type Result, type Update } from '@tessera/vocabulary'

/** Add a client's update to an exact sum: what is wrong with it comes back as a value, and nothing was added. */
export function addTo(sum: ExactSum, update: Update, weight: number): Result<void, FedError> {
  try {
    sum.addInto(update, weight)
  } catch (thrown) {
    if (thrown instanceof FedError) return err(thrown)
    throw thrown
  }
  return ok(undefined)
}
