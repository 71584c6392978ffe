import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asFedError } from '@tessera/vocabulary'
import { unlessInterrupted } from '../interrupt.ts'
import type { Terminal } from '../terminal.ts'
import { Cleanup } from './cleanup.ts'
import { checkOptions, type DrillOptions } from './drill-options.ts'
import { type DrillReport, rehearse } from './rehearsal.ts'

/**
 * Do the drills and take everything away again, also after Ctrl-C; the folder stays when something failed, for its logs.
 *
 * @throws {FedError} `invalid-config`, `namespaces-missing`, `run-failed` when the undisturbed run fails, `cancelled`.
 */
export async function runDrills(options: DrillOptions, terminal: Terminal): Promise<DrillReport> {
  checkOptions(options)
  const cleanup = new Cleanup()
  let keep = options.keep
  const removeFolder = async (folder: string): Promise<void> => {
    if (keep) terminal.say(`State and logs are in ${folder}`)
    else await rm(folder, { recursive: true, force: true })
  }
  const ignore = (): void => {}
  process.on('SIGINT', ignore) // a second Ctrl-C must not stop the clearing up
  process.on('SIGTERM', ignore)
  try {
    const report = await unlessInterrupted(async () => {
      const folder = await cleanup.hold(makeFolder, removeFolder)
      return rehearse(options, { folder, terminal, cleanup })
    })
    keep ||= !report.passed
    return report
  } catch (error) {
    keep ||= LOGGED.has(asFedError(error).code)
    throw error
  } finally {
    await cleanup.run()
    process.off('SIGINT', ignore)
    process.off('SIGTERM', ignore)
  }
}

/** Errors whose cause is in the logs. */
const LOGGED = new Set(['run-failed', 'timeout', 'internal'])

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-drill-'))
  await chmod(folder, 0o755) // an embedded PostgreSQL that root starts has a user of its own
  return folder
}
