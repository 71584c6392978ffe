import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Task } from './workload.ts'

/** Threads that share out the blocks of a task. */
export interface ThreadPool {
  run(task: Task): Promise<void>
  close(): Promise<void>
}

export function createThreadPool(threads: number): ThreadPool {
  const next = new Int32Array(new SharedArrayBuffer(4))
  const file = new URL('./start-thread.mjs', import.meta.url)
  const workers = Array.from({ length: threads }, () => new Worker(file, { workerData: next.buffer }))
  return {
    run: async (task) => {
      next[0] = 0
      const done = workers.map((worker) => once(worker, 'message'))
      for (const worker of workers) worker.postMessage(task)
      await Promise.all(done)
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
