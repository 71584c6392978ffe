import type { WorkerReport } from '@tessera/worker'
import colors from 'picocolors'
import { type Bar, type Bars, bytes, type Terminal } from './terminal.ts'

/** A smaller download is over before a bar is drawn. */
const WORTH_A_BAR_BYTES = 1_000_000

/** A worker's reports as lines and one progress bar; with `--json` each report is a line of JSON. */
export function workerReporter(terminal: Terminal): { report: (report: WorkerReport) => void; stop: () => void } {
  let bars: Bars | null = null
  let bar: { readonly name: string; readonly bar: Bar } | null = null
  const stop = (): void => {
    bars?.stop()
    bars = null
    bar = null
  }
  const advance = (name: string, done: number, of: number, note = ''): void => {
    if (bar?.name !== name) {
      stop()
      bars = terminal.bars()
      bar = { name, bar: bars.add(name, of) }
    }
    bar.bar.set(done, note)
    if (done >= of) stop()
  }
  const report = (report: WorkerReport): void => {
    terminal.data(report)
    if (report.type === 'progress') {
      const name = report.kind === 'probe' ? 'initialisation' : `round ${report.round} of ${report.rounds}`
      advance(name, report.step, report.steps, report.loss === null ? '' : `loss ${report.loss.toFixed(3)}`)
    } else if (report.type === 'fetching') {
      if (report.of < WORTH_A_BAR_BYTES) return
      advance('download (kB)', Math.ceil(report.done / 1000), Math.ceil(report.of / 1000))
    } else {
      stop()
      terminal.say(lineOf(report))
    }
  }
  return { report, stop }
}

function lineOf(report: Exclude<WorkerReport, { type: 'progress' | 'fetching' }>): string {
  switch (report.type) {
    case 'connected':
      return `${colors.green('connected')} as ${report.clientId}; waiting for work`
    case 'disconnected':
      return `${colors.yellow('not connected')} (${report.reason}); trying again`
    case 'idle':
      return report.message
    case 'refused':
      return `${colors.red(report.error.code)}: ${sentences(report.error)}`
    case 'trouble':
      return `${colors.yellow(report.error.code)}: ${sentences(report.error)}${again(report.againInMs)}`
    case 'delivered':
      return `${report.kind === 'probe' ? 'initialisation' : `round ${report.round}`}: sent ${bytes(report.bytes)}`
    case 'cancelled':
      return 'the work was called off'
    case 'moved':
      return `in all ${bytes(sumOf(report.bytes, 'up'))} sent and ${bytes(sumOf(report.bytes, 'down'))} received`
  }
}

const sumOf = (counts: (WorkerReport & { type: 'moved' })['bytes'], way: 'up' | 'down'): number =>
  Object.values(counts).reduce((sum, moved) => sum + moved[way], 0)

const sentences = ({ message, fix }: { message: string; fix?: string | undefined }): string =>
  fix === undefined ? message : `${message}. ${fix}`

const again = (inMs: number | null): string =>
  inMs === null ? '' : `; trying again in ${Math.max(1, Math.round(inMs / 1000))} s`
