import { asFedError, ERROR_CODES, type FedError } from '@tessera/vocabulary'
import type { CommanderError } from 'commander'
import colors from 'picocolors'

/** Say what went wrong, why and what to do, and leave with the code's exit status. */
export function fail(thrown: unknown, { json }: { json: boolean }): number {
  const error = asFedError(thrown)
  const { exit } = ERROR_CODES[error.code]
  if (json) writeJson(error)
  process.stderr.write(errorText(error))
  if (error.code === 'internal' && error.cause instanceof Error)
    process.stderr.write(`${colors.dim(error.cause.stack ?? '')}\n`)
  return exit
}

/** The same for a command that was written wrongly, which the parser has already said to people; 0 after `--help`. */
export function failUsage({ exitCode, message }: CommanderError, { json }: { json: boolean }): number {
  if (exitCode === 0) return 0
  if (json) writeJson(usageError(message))
  return ERROR_CODES['invalid-config'].exit
}

/** What the parser says of a command that was written wrongly, as every other error is said. */
export const usageText = (message: string): string => errorText(usageError(message))

const usageError = (message: string): Told => ({
  code: 'invalid-config',
  message: message.replace(/^error: /, '').trimEnd(),
  fix: 'See --help.',
})

type Told = Pick<FedError, 'code' | 'message' | 'fix'> & Partial<FedError>

/** The error's own fix, else the one that the table has for its code. */
const fixOf = ({ code, fix }: Told): string => fix ?? ERROR_CODES[code].fix

const errorText = (error: Told): string =>
  `${colors.red('error')} ${colors.bold(error.code)}: ${error.message}\n${colors.green('fix')}   ${fixOf(error)}\n`

function writeJson(told: Told): void {
  const { code, message, details = {} } = told
  const { retryable } = ERROR_CODES[code]
  const more = Object.keys(details).length > 0 && { details }
  const error = { code, message, fix: fixOf(told), ...more, retryable }
  process.stdout.write(`${JSON.stringify({ error })}\n`)
}
