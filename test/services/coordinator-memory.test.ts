import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'

const SCRIPT = fileURLToPath(new URL('./coordinator-memory.ts', import.meta.url))
/** A minute on an idle machine. */
const TIMEOUT_MS = 600_000
/**
 * glibc keeps what is freed of arrays below a limit that moves, so resident memory wanders by fifty megabytes and says
 * little of what is held; with a fixed limit every large array is given back.
 */
const GIVE_BACK = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_ARENA_MAX: '2' }

it('a coordinator that folds 1,000 updates of 1 MB stays within 64 MB of what it holds after 10', {
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = await temporaryFolder('memory')
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', SCRIPT, folder], {
    env: { ...process.env, ...GIVE_BACK },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL') // its database ends with it
    await rm(folder, { recursive: true, force: true })
  })
  const [said, wrong] = await Promise.all([text(child.stdout), text(child.stderr)])
  expect(wrong).toBe('')
  const { levels } = JSON.parse(said) as { levels: readonly number[] }
  expect(levels).toHaveLength(11)
  const [first, ...later] = levels as [number, ...number[]]
  expect(Math.max(...later) - first, `resident megabytes: ${levels.map(Math.round).join(', ')}`).toBeLessThan(64)
})
