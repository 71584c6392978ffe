import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const TESSERA = fileURLToPath(new URL('../../apps/cli/bin/tessera.js', import.meta.url))
export const BUNDLED_MODEL = fileURLToPath(new URL('../../models/tiny-debian-llama', import.meta.url))
export const bundledRows = (file: 'train' | 'test'): string =>
  fileURLToPath(new URL(`../../datasets/debian-sections/${file}.jsonl`, import.meta.url))

export type Json = Readonly<Record<string, unknown>>

/** The `tessera` command in a process of its own, with `--json`. */
export interface TesseraProcess {
  readonly pid: number
  /** The next document on its standard output, from now on, that the test looks for. */
  document(wanted: (document: Json) => boolean): Promise<Json>
  /** All documents so far. */
  readonly documents: readonly Json[]
  /** What it said to people so far. */
  said(): string
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** Processes that a test file has started and must not leave behind. */
const running = new Set<ChildProcess>()

/** @param home Where the command keeps its state; the environment names nothing else but `more`. */
export function startTessera(home: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): TesseraProcess {
  const child = spawn(process.execPath, [TESSERA, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home, TESSERA_HOME: home, ...more },
  })
  running.add(child)
  const documents: Json[] = []
  const watchers = new Set<(document: Json) => void>()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const document = JSON.parse(line) as Json
    documents.push(document)
    for (const watch of watchers) watch(document)
  })
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve(code ?? (signal as NodeJS.Signals))
    })
  })
  return {
    pid: child.pid!,
    documents,
    document: (wanted) =>
      new Promise((resolve, reject) => {
        const watch = (document: Json): void => {
          if (!wanted(document)) return
          watchers.delete(watch)
          resolve(document)
        }
        watchers.add(watch)
        ended.then((status) => reject(new Error(`tessera ${args.join(' ')} ended with ${status}: ${said}`)))
      }),
    said: () => said,
    ended,
    kill(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** End whatever a test file has left running. */
export async function endAll(): Promise<void> {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(ends)
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  await new Promise((resolve) => server.close(resolve))
  return port
}
