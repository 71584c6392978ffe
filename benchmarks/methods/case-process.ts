import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BenchCase, Measures } from './bench-case.ts'
import { measureCase } from './measure-case.ts'

/**
 * Measures a case in a process of its own, so that its peak memory is its own too.
 *
 * @throws {Error} the process ended without a result; its reason stands in the log.
 */
export async function measureApart(settings: BenchCase): Promise<Measures> {
  const child = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  let measures: Measures | null = null
  child.once('message', (message) => {
    measures = message as Measures
  })
  child.send(settings)
  const [status] = await ended
  if (measures === null) throw new Error(`${settings.adapter.method} with ${settings.aggregator} ended with ${status}`)
  return measures
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [settings] = await once(process, 'message')
  process.send?.(await measureCase(settings as BenchCase), () => process.disconnect())
}
