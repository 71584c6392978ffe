import { FedError } from '@tessera/vocabulary'

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** A failure of the file system; a full disk is `disk-full`, which passes when somebody makes room. */
export function diskError(thrown: unknown): unknown {
  if (!FULL.has((thrown as NodeJS.ErrnoException).code ?? '')) return thrown
  return new FedError('disk-full', "the worker's disk is full", {
    cause: thrown,
    fix: 'Make room on it; the worker goes on by itself.',
  })
}
