import { deviceNames } from '@tessera/compiler'
import { type BlobHash, blobHash } from '@tessera/vocabulary'
import { InvalidArgumentError, Option } from 'commander'

export function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('a port is an integer from 0 to 65535.')
}

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('it must be a positive integer.')
}

export function seedOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('a seed is an integer from 0 to 2^53 - 1.')
}

/** Seconds as milliseconds. */
export function secondsOf(text: string): number {
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400) return Math.ceil(1000 * seconds)
  throw new InvalidArgumentError('it must be seconds, more than 0 and at most a day.')
}

export function hashOf(text: string): BlobHash {
  if (/^[0-9a-f]{64}$/.test(text)) return blobHash(text)
  throw new InvalidArgumentError('it must be 64 hexadecimal digits.')
}

export function roundNumber(text: string): number {
  const round = Number(text)
  if (Number.isSafeInteger(round) && round >= 0) return round
  throw new InvalidArgumentError('a round is 1 or more; 0 is the initialisation.')
}

/** For options that may be given again and again. */
export const collect = (text: string, before: readonly string[]): string[] => [...before, text]

/** What to compute on; the names are those of the compiler's list. */
export function deviceOption(): Option {
  const names = deviceNames().map(({ name }) => name)
  return new Option('--device <name>', `one of: ${names.join(', ')}`).default('auto')
}
