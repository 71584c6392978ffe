import { err, FedError, ok, type Result, type Update } from '@tessera/vocabulary'

const EXPONENT = 0x7f800000

/** Refuse NaN and infinities: what they mean to a mean, nobody can say. Error: `not-finite`, with the index. */
export function requireFinite(update: Update): Result<Update, FedError> {
  const index = firstNotFinite(update)
  if (index < 0) return ok(update)
  return err(
    new FedError('not-finite', `coordinate ${index} of the update is ${update[index]}`, {
      details: { index },
      fix: 'Lower the learning rate: local training has diverged.',
    }),
  )
}

/** By the bits of the exponent, which takes a quarter of the time of asking each number. */
function firstNotFinite(update: Update): number {
  const bits = new Int32Array(update.buffer, update.byteOffset, update.length)
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & EXPONENT) === EXPONENT) return i
  return -1
}
