import { readFile } from 'node:fs/promises'

/**
 * What tells a process from a later one with the same id: on Linux the tick it was started at, elsewhere only that it
 * is alive. Null when there is no such process, or nothing of it but its exit status.
 */
export async function processMark(pid: number): Promise<string | null> {
  if (!Number.isInteger(pid) || pid <= 0) return null
  if (process.platform === 'linux') return startTick(pid)
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : null
  }
}

/** Fields of /proc/<pid>/stat after the program's name, which may hold anything: the state is the first, the tick the 20th. */
async function startTick(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' || fields[0] === 'Z' ? null : (fields[19] ?? null)
}
