import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Four projects, run one after the other: `unit` is fast and needs nothing but node_modules; `rooms` crosses rooms in
 * process; `services` starts PostgreSQL, sockets and worker processes, two files at a time, for each of them keeps several
 * processes busy or waits; `browser` drives a headless Chromium, one file at a time.
 */
const units = [
  'packages/*/src/**/*.test.{ts,tsx}',
  'apps/*/src/**/*.test.{ts,tsx}',
  'scripts/**/*.test.ts',
  'benchmarks/**/*.test.ts',
  'test/architecture.test.ts',
  'test/architecture/**/*.test.ts',
]

/** Mutated samples that every decoder is given; scripts/test.mjs --fuzz asks for more, which takes minutes. */
const mutatedFrames = Number(process.env.TESSERA_MUTATED_FRAMES ?? 40_000)
const MINUTE_MS = 60_000
/** Vitest would keep one for itself, of two that is half. */
const CORES = availableParallelism()

export default defineConfig({
  test: {
    pool: 'forks',
    // Output that tests read is the same on a terminal and in a pipe.
    env: { NO_COLOR: '1', FORCE_COLOR: '0' },
    provide: { mutatedFrames },
    projects: [
      project('unit', {
        include: units,
        timeoutMs: mutatedFrames > 100_000 ? 60 * MINUTE_MS : MINUTE_MS,
        order: 0,
        workers: CORES,
      }),
      project('rooms', {
        include: ['test/parity/**/*.test.ts', 'test/rounds/**/*.test.ts'],
        timeoutMs: 180_000,
        order: 1,
        workers: CORES,
      }),
      project('services', {
        include: ['test/protocol/**/*.test.ts', 'test/services/**/*.test.ts'],
        timeoutMs: 240_000,
        order: 2,
        workers: 2,
      }),
      project('browser', { include: ['test/browser/**/*.test.ts'], timeoutMs: 180_000, order: 3, workers: 1 }),
    ],
  },
})

function project(
  name: string,
  { include, timeoutMs, order, workers }: { include: string[]; timeoutMs: number; order: number; workers: number },
) {
  return {
    extends: true as const,
    test: {
      name,
      include,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      maxWorkers: workers,
      sequence: { groupOrder: order },
    },
  }
}
