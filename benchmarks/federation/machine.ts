import { availableParallelism, cpus } from 'node:os'

/** What times were measured on. */
export const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  threads: availableParallelism(),
  node: process.version,
  os: process.platform,
}
