import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { FedError } from '@tessera/vocabulary'

/**
 * Ask a person before something is done that can not be undone; only `y` and `yes` go on.
 *
 * @throws {FedError} `cancelled`: any other answer, or none; `invalid-config`: nobody is there to answer.
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new FedError('invalid-config', 'this can not be undone, and nobody is here to be asked', {
      fix: 'Give --yes.',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = once(terminal, 'close').then(() => '') // Ctrl-C and Ctrl-D
  const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed])
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new FedError('cancelled', 'nothing was done')
}
