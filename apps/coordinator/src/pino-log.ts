import type { Log } from '@tessera/federation'
import { type Logger, pino } from 'pino'

export interface LogOptions {
  readonly level: string
  /** File that gets every line as JSON; standard error when absent. */
  readonly file?: string
}

/** The coordinator's log as JSON lines. */
export function createLog({ level, file }: LogOptions): Log {
  const destination = pino.destination(file === undefined ? 2 : { dest: file, mkdir: true, sync: true })
  // A disk that is full takes no lines; that is no reason to end.
  destination.on('error', () => undefined)
  const logger: Logger = pino({ level, base: null, serializers: { error: pino.stdSerializers.err } }, destination)
  return {
    info: (message, data) => logger.info(data ?? {}, message),
    warn: (message, data) => logger.warn(data ?? {}, message),
    error: (message, data) => logger.error(data ?? {}, message),
  }
}
