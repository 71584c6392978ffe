import { verifyRun } from '@tessera/federation'
import { asFedError } from '@tessera/vocabulary'
import type { ApiClient } from '../api-client.ts'
import { localWorkbench } from '../local-workbench.ts'
import { openArchive } from '../remote-archive.ts'
import { alteredError, type CheckedResult, gapsOf } from '../verify-report.ts'

/** What replaying a run's log says. */
export interface Verification {
  readonly clean: boolean
  readonly detail: string
}

/** Replay a run as `tessera verify` does; whatever stands in the way of that counts as unclean. */
export async function verification(api: ApiClient, run: string): Promise<Verification> {
  return replay(api, run).catch((error: unknown) => ({ clean: false, detail: asFedError(error).message }))
}

async function replay(api: ApiClient, run: string): Promise<Verification> {
  const archive = await openArchive(api, run)
  const local = await localWorkbench(archive.record, undefined)
  const results: CheckedResult[] = []
  try {
    for await (const finding of verifyRun(archive, { workbench: local?.workbench ?? null, head: null })) {
      if (finding.type === 'difference') return { clean: false, detail: alteredError(finding).message }
      if (finding.type === 'result') results.push(finding)
      else return { clean: true, detail: [`${finding.seq} events`, ...gapsOf(results, finding)].join('; ') }
    }
    return { clean: false, detail: 'the check came to no end' }
  } finally {
    await local?.close()
  }
}
