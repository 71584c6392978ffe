/** A thread that takes blocks, one after the other, until none is left. */
import { parentPort, workerData } from 'node:worker_threads'
import { BLOCKS, runBlock, type Task } from './workload.ts'

const next = new Int32Array(workerData as SharedArrayBuffer)

parentPort!.on('message', (task: Task) => {
  for (;;) {
    const block = Atomics.add(next, 0, 1)
    if (block >= BLOCKS) break
    runBlock(task, block)
  }
  parentPort!.postMessage('done')
})
