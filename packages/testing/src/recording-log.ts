/** One line of a log. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A log that keeps its lines for the test to look at. */
export function createRecordingLog() {
  const lines: LogLine[] = []
  const at =
    (level: LogLine['level']) =>
    (message: string, data: LogLine['data'] = {}): void =>
      void lines.push({ level, message, data })
  return { info: at('info'), warn: at('warn'), error: at('error'), lines: lines as readonly LogLine[] }
}
