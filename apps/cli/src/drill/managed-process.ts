import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES, type ErrorCode, FedError } from '@tessera/vocabulary'
import { z } from 'zod'

const TESSERA = fileURLToPath(new URL('../../bin/tessera.js', import.meta.url))
const STOP_MS = 10_000
/** As long as systemd waits before it starts a service again. */
const AGAIN_MS = 100

export type Document = Readonly<Record<string, unknown>>

export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

export interface ProcessPlan {
  readonly name: string
  /** The arguments of `tessera --json`. */
  readonly args: readonly string[]
  /** What it says to people goes here. */
  readonly log: string
  /** Where it runs, if not simply here. */
  readonly within?: (program: string, args: readonly string[]) => Command
  /** Each document on its standard output. */
  readonly heard: (document: Document) => void
}

/** A `tessera` process that is started again when it ends and nobody asked it to, as a service is. */
export class ManagedProcess {
  readonly name: string
  readonly #plan: ProcessPlan
  readonly #log: WriteStream
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #nodeFlags: readonly string[] = []
  /** It should be running. */
  #wanted = false
  #stopped = false
  #again: NodeJS.Timeout | undefined
  #endedByItself: string[] = []
  #lastError: FedError | null = null
  /** Hears each document, and null when the process has ended. */
  #watch: (document: Document | null) => void = () => {}

  constructor(plan: ProcessPlan) {
    this.name = plan.name
    this.#plan = plan
    this.#log = createWriteStream(plan.log, { flags: 'a' })
  }

  /** Null while it is not running. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Flags of Node that it was started with. */
  get nodeFlags(): readonly string[] {
    return this.#nodeFlags
  }

  /** How it ended each time that nobody asked it to: exit statuses and signals. */
  get endedByItself(): readonly string[] {
    return this.#endedByItself
  }

  start(nodeFlags: readonly string[] = []): void {
    if (this.#stopped || this.#child !== null) return
    this.#nodeFlags = nodeFlags
    this.#wanted = true
    const args = [...nodeFlags, TESSERA, '--json', ...this.#plan.args]
    const { program, args: all } = this.#plan.within?.(process.execPath, args) ?? { program: process.execPath, args }
    const child = spawn(program, [...all], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stderr.pipe(this.#log, { end: false })
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => this.#log.write(`${error.message}\n`))
      child.once('close', (status, signal) => {
        this.#child = null
        resolve()
        this.#onEnd(`${status ?? signal}`)
      })
    })
  }

  /** The first document that is wanted. @throws {FedError} `timeout`, or what it said when it ended before that */
  first(wanted: (document: Document) => boolean, withinMs: number): Promise<Document> {
    const fix = `See ${this.#plan.log}.`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new FedError('timeout', `${this.name} does not come up`, { fix }))
      }, withinMs)
      this.#watch = (document) => {
        if (document !== null && !wanted(document)) return
        clearTimeout(timer)
        this.#watch = () => {}
        if (document === null) reject(this.#lastError ?? new FedError('internal', `${this.name} ended`, { fix }))
        else resolve(document)
      }
    })
  }

  /** SIGKILL, and wait until it is gone. */
  async kill(): Promise<void> {
    this.#wanted = false
    clearTimeout(this.#again)
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  /** End it for good. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wanted = false
    clearTimeout(this.#again)
    this.signal('SIGCONT')
    this.#child?.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS)
    await this.#ended
    clearTimeout(impatience)
    this.#log.end()
  }

  #hear(line: string): void {
    const document = parse(line)
    const error = errorIn(document)
    if (document === null || error !== null) this.#log.write(`${line}\n`)
    if (document === null) return
    this.#lastError = error
    this.#plan.heard(document)
    this.#watch(document)
  }

  #onEnd(status: string): void {
    if (!this.#wanted) return
    this.#watch(null)
    this.#endedByItself.push(status)
    this.#again = setTimeout(() => this.start(this.#nodeFlags), AGAIN_MS)
  }
}

function parse(line: string): Document | null {
  try {
    return JSON.parse(line) as Document
  } catch {
    return null
  }
}

const failure = z.object({ error: z.object({ code: z.string(), message: z.string(), fix: z.string().optional() }) })

/** What a command with `--json` says when it fails. */
function errorIn(document: Document | null): FedError | null {
  const parsed = failure.safeParse(document)
  if (!parsed.success) return null
  const { code, message, fix } = parsed.data.error
  return new FedError(code in ERROR_CODES ? (code as ErrorCode) : 'internal', message, fix === undefined ? {} : { fix })
}
