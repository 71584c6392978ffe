import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Account } from './postgres-account.ts'

/**
 * Have a process interrupted when this one ends, however it ends: a shell waits for the end of a pipe that only this
 * process holds open, which even kill -9 closes. Where there is no shell, the next start finds what was left.
 *
 * @returns Takes it back.
 */
export function interruptAfterUs(pid: number, account: Account): () => void {
  const watch = spawn('/bin/sh', ['-c', `read -r line; kill -INT ${pid}`], {
    ...account,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
  })
  watch.once('error', () => undefined)
  watch.unref()
  if (watch.stdin instanceof Socket) watch.stdin.unref()
  watch.stdin.once('error', () => undefined)
  return () => void watch.kill('SIGKILL')
}
