import { type RunView, runView } from '@tessera/protocol'
import { expect, it } from 'vitest'
import type { ApiClient } from './api-client.ts'
import type { Terminal } from './terminal.ts'
import { watchRun } from './watch-run.ts'

const RUN: RunView = runView.parse({
  ...{
    id: 'run-1',
    name: 'run',
    phase: 'training',
    round: 2,
    rounds: 3,
    pass: 0,
    passes: 0,
    method: 'lora-sb',
    rank: 4,
  },
  ...{ seed: '1', createdAt: 1, startedAt: 1, finishedAt: null, message: null, waiting: null, resumesByItself: false },
  ...{ clients: [], metrics: [], adapterHash: null, logHead: '0'.repeat(64) },
})
const FULL: Partial<RunView> = {
  ...{ phase: 'paused', message: 'only 3 MiB of the disk are free', resumesByItself: true },
  waiting: 'goes on when there is room on the disk',
}

/** A coordinator that tells these states of the run, one after the other, and what is said beside the bar. */
function watch(...states: Partial<RunView>[]): { readonly ended: Promise<RunView>; readonly notes: string[] } {
  const notes: string[] = []
  const client: Pick<ApiClient, 'run' | 'workers'> = {
    run: async () => ({ ...RUN, ...states.shift()! }),
    workers: async () => [],
  }
  const bar = { set: (_done: number, note = '') => void notes.push(note), total: () => {} }
  const terminal: Pick<Terminal, 'bars'> = { bars: () => ({ add: () => bar, stop() {} }) }
  return { ended: watchRun(client as ApiClient, 'run-1', terminal as Terminal), notes }
}

it('goes on through a pause that the coordinator ends by itself, and says what it waits for', async () => {
  const { ended, notes } = watch(FULL, {}, { phase: 'finished' })
  expect((await ended).phase).toBe('finished')
  expect(notes).toEqual(['paused, goes on when there is room on the disk', 'training', 'finished'])
})

it('ends with run-failed and its reason where somebody has to resume the run, or it is abandoned', async () => {
  const paused = watch({ phase: 'paused', message: 'paused by hand' }).ended
  await expect(paused).rejects.toMatchObject({ code: 'run-failed', message: 'run run-1 is paused: paused by hand' })
  await expect(watch({ phase: 'abandoned' }).ended).rejects.toMatchObject({ fix: 'Start a new run.' })
})
