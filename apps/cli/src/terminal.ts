import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import colors from 'picocolors'

/** Data goes to standard output, everything for people to standard error. */
export interface Terminal {
  readonly json: boolean
  /** One JSON document on a line of standard output; nothing without `--json`. */
  data(value: unknown): void
  /** A line for people; nothing with `--quiet`. */
  say(text: string): void
  /** The result of a command for people, on standard output; nothing with `--json`. */
  show(text: string): void
  /** Progress on standard error: bars in a terminal, lines elsewhere, nothing with `--quiet`. */
  bars(): Bars
}

export interface Bars {
  add(name: string, total: number): Bar
  stop(): void
}

export interface Bar {
  set(done: number, note?: string): void
  total(total: number): void
}

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
}

export function createTerminal({ json, quiet }: TerminalOptions): Terminal {
  return {
    json,
    data: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`)
    },
    say: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`)
    },
    show: (text) => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    bars() {
      if (quiet) return NO_BARS
      return process.stderr.isTTY ? progressBars() : progressLines()
    },
  }
}

const NO_BARS: Bars = { add: () => ({ set() {}, total() {} }), stop() {} }

/** Where nothing can be drawn, a line now and then. */
const LINE_EVERY_MS = 5000

function progressLines(): Bars {
  return {
    add(name, first) {
      let [total, saidAt] = [first, 0]
      return {
        set(done, note = '') {
          if (Date.now() - saidAt < LINE_EVERY_MS && done < total) return
          saidAt = Date.now()
          process.stderr.write(`${name} ${done}/${total} ${note}\n`)
        },
        total: (next) => {
          total = next
        },
      }
    },
    stop() {},
  }
}

/** Names are padded so that the bars of several lines begin at one column. */
const NAME_WIDTH = 22

function progressBars(): Bars {
  const multi = new MultiBar(
    {
      format: `{name} ${colors.cyan('{bar}')} {value}/{total} {note}`,
      stream: process.stderr,
      hideCursor: true,
      barsize: 28,
      emptyOnZero: true,
    },
    Presets.shades_classic,
  )
  return {
    add(name, total) {
      const bar: SingleBar | undefined = multi.create(total, 0, { name: name.padEnd(NAME_WIDTH), note: '' })
      return {
        set: (done, note = '') => bar?.update(done, { note }),
        total: (next) => bar?.setTotal(next),
      }
    },
    stop: () => multi.stop(),
  }
}

/** No line between rows. */
const COMPACT = { 'mid': '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

/** A plain table: header, then rows; without colours where nobody sees them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const style = process.stdout.isTTY ? { head: ['bold'], border: ['dim'] } : { head: [], border: [] }
  const drawn = new Table({ head: [...head], style, chars: COMPACT })
  drawn.push(...rows.map((row) => [...row]))
  return drawn.toString()
}

export const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : `${(100 * value).toFixed(1)} %`

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  return value < 1e6 ? `${(value / 1000).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`
}
