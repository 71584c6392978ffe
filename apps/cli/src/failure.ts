import { asFedError, ERROR_CODES, type FedError } from '@tessera/vocabulary'
import type { CommanderError } from 'commander'
import colors from 'picocolors'

/** Say what went wrong, why and what to do, and leave with the code's exit status. */
export function fail(thrown: unknown, { json }: { json: boolean }): number {
  const error = asFedError(thrown)
  const { exit } = ERROR_CODES[error.code]
  if (json) writeJson(error)
  process.stderr.write(`${colors.red('error')} ${colors.bold(error.code)}: ${error.message}\n`)
  if (error.fix !== undefined) process.stderr.write(`${colors.green('fix')}   ${error.fix}\n`)
  if (error.code === 'internal' && error.cause instanceof Error)
    process.stderr.write(`${colors.dim(error.cause.stack ?? '')}\n`)
  return exit
}

/** The same for a command that was written wrongly, which the parser has already said to people; 0 after `--help`. */
export function failUsage({ exitCode, message }: CommanderError, { json }: { json: boolean }): number {
  if (exitCode === 0) return 0
  const text = message.replace(/^error: /, '')
  if (json) writeJson({ code: 'invalid-config', message: text, fix: 'See --help.' })
  return ERROR_CODES['invalid-config'].exit
}

function writeJson({
  code,
  message,
  fix,
  details = {},
}: Pick<FedError, 'code' | 'message' | 'fix'> & Partial<FedError>): void {
  const { retryable } = ERROR_CODES[code]
  const told = Object.keys(details).length > 0 && { details }
  const error = { code, message, ...(fix !== undefined && { fix }), ...told, retryable }
  process.stdout.write(`${JSON.stringify({ error })}\n`)
}
