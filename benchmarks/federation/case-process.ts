import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a module has to export whose cases are measured apart. */
export interface CaseModule<Settings, Measures> {
  measureCase(settings: Settings): Promise<Measures>
}

/**
 * Measures a case in a process of its own, so that its peak memory is its own too.
 *
 * @param module Address of a `CaseModule`; settings and measures go as JSON.
 * @throws {Error} the process ended without a result; its reason stands in the log.
 */
export async function measureApart<Settings extends object, Measures>(
  module: URL,
  settings: Settings,
): Promise<Measures> {
  const child = fork(fileURLToPath(import.meta.url), [module.href], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  let answer: { readonly measures: Measures } | null = null
  child.once('message', (message) => {
    answer = message as { readonly measures: Measures }
  })
  child.send(settings)
  const [status] = await ended
  if (answer === null) throw new Error(`the process ended with ${status}: ${JSON.stringify(settings)}`)
  return (answer as { readonly measures: Measures }).measures
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { measureCase } = (await import(process.argv[2]!)) as CaseModule<unknown, unknown>
  const [settings] = await once(process, 'message')
  process.send?.({ measures: await measureCase(settings) }, () => process.disconnect())
}
