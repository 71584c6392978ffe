import { openWebgpuBasis } from '@tessera/compiler'
import { type BasisDistribution, streamOrigin } from '@tessera/math'
import type { FedError } from '@tessera/vocabulary'
import { BLOCKS, type Memory, partsOf } from './workload.ts'

/** Combinations of all blocks on a GPU. */
export interface GpuBases {
  readonly description: string
  combine(memory: Memory, distribution: BasisDistribution): Promise<void>
  close(): void
}

/** The machine's GPU, or, with GPU=any in the environment, whatever adapter WebGPU finds; or why there is none. */
export async function openGpu(): Promise<GpuBases | string> {
  try {
    const { combined, description, dispose } = await openWebgpuBasis({ hardwareOnly: process.env.GPU !== 'any' })
    return {
      description,
      combine: async (memory, distribution) => {
        for (let block = 0; block < BLOCKS; block++) {
          const { key, values, target } = partsOf(memory, block)
          target.set(await combined(target, { origin: streamOrigin(key), distribution }, values))
        }
      },
      close: dispose,
    }
  } catch (error) {
    return (error as FedError).message
  }
}
