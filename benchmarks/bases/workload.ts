import { addCombination, type BasisDistribution, plainBasis, projectOnto, streamOrigin } from '@tessera/math'

export const BLOCKS = 64
export const BLOCK_LENGTH = 156_250
export const VECTORS = 64

export type Operation = 'combine' | 'project'

/** All parameters and all coordinates of a workload, in memory that threads share. */
export interface Memory {
  readonly parameters: SharedArrayBuffer
  readonly coordinates: SharedArrayBuffer
}

export interface Task extends Memory {
  readonly operation: Operation
  readonly distribution: BasisDistribution
}

export function createMemory(): Memory {
  const parameters = new SharedArrayBuffer(4 * BLOCKS * BLOCK_LENGTH)
  const coordinates = new SharedArrayBuffer(4 * BLOCKS * VECTORS)
  return { parameters, coordinates }
}

/** The same numbers at every start. */
export function resetInto({ parameters, coordinates }: Memory): void {
  for (const buffer of [parameters, coordinates]) {
    const values = new Float32Array(buffer)
    for (let i = 0; i < values.length; i++) values[i] = ((i % 1009) - 504) / 4096
  }
}

/** One block: its parameters moved along its vectors, or its coordinates measured. */
export function runBlock({ operation, distribution, parameters, coordinates }: Task, block: number): void {
  const { key, values, target } = partsOf({ parameters, coordinates }, block)
  if (operation === 'combine') addCombination(target, { key, distribution }, values)
  else values.set(projectOnto({ key, distribution }, target, VECTORS))
}

/** The same in plain JavaScript. */
export function runBlockPlainly({ operation, distribution, parameters, coordinates }: Task, block: number): void {
  const { key, values, target } = partsOf({ parameters, coordinates }, block)
  const basis = { origin: streamOrigin(key), distribution }
  if (operation === 'combine') plainBasis.addCombination(target, basis, values, { vector: 0, entry: 0 })
  else values.set(plainBasis.projectOnto(basis, target, VECTORS, { vector: 0, entry: 0 }))
}

/** A block's stream, coordinates and parameters. */
export function partsOf({ parameters, coordinates }: Memory, block: number) {
  return {
    key: { seed: 42, purpose: 'bench', round: 1, client: 0, block },
    values: new Float32Array(coordinates, 4 * block * VECTORS, VECTORS),
    target: new Float32Array(parameters, 4 * block * BLOCK_LENGTH, BLOCK_LENGTH),
  }
}
