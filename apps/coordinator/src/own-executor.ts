import { type Executor, openExecutor } from '@tessera/compiler'

/** Where the coordinator itself computes: evaluation and calibration. */
export interface OwnExecutor {
  executor(): Promise<Executor>
  close(): Promise<void>
}

/** Opened when something is to be computed for the first time; one thread leaves the cores to workers beside it. */
export function ownExecutor({ device = 'onnx-cpu', threads = 1 }: { device?: string; threads?: number }): OwnExecutor {
  let opened: Promise<Executor> | null = null
  return {
    executor() {
      opened ??= openExecutor(device, { threads }).then(({ executor }) => executor)
      return opened
    },
    async close() {
      if (opened !== null) await (await opened).dispose()
    },
  }
}
