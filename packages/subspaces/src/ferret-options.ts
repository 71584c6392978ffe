/** The options of Ferret, and which of them fit: Shu et al. 2024 (https://arxiv.org/abs/2409.06277). */
import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { cutBlocks, innerLength } from './blocks.ts'
import type { InnerMatrix } from './subspace.ts'

export const ferretOptions = z.object({
  coordinates: z.int().positive().default(4096).describe('numbers a client sends in a round, over all blocks'),
  blockLength: z.int().positive().default(16384).describe('longest piece of a matrix with random vectors of its own'),
  shrink: z
    .boolean()
    .default(false)
    .describe('multiply by K/(K+d) in every block: biased, and the least mean squared error'),
  seeds: z
    .enum(['shared', 'per-client'])
    .default('shared')
    .describe(
      'per-client: vectors of its own for every place of the cohort, whose errors average out; N times the work',
    ),
  errorFeedback: z
    .boolean()
    .default(false)
    .describe('what the numbers of a round do not say of a client’s change is added to its next one; needs shrink'),
})

export type FerretOptions = z.infer<typeof ferretOptions>

/** @throws {FedError} `invalid-config` */
export function requireFit(options: FerretOptions, matrices: readonly InnerMatrix[]): void {
  requireBudget(options, matrices)
  requireContraction(options)
}

function requireBudget({ coordinates, blockLength }: FerretOptions, matrices: readonly InnerMatrix[]): void {
  const [blocks, length] = [cutBlocks(matrices, blockLength).length, innerLength(matrices)]
  if (coordinates >= blocks && coordinates <= length) return
  const message =
    coordinates > length
      ? `ferret can not make ${coordinates} numbers of ${length} parameters`
      : `ferret sends at least one number for each of ${blocks} blocks, not ${coordinates} in all`
  throw new FedError('invalid-config', message, {
    details: { coordinates, blocks, parameters: length },
    fix: `Set subspace.coordinates between ${blocks} and ${length}, or a larger subspace.blockLength.`,
  })
}

/** ‖p − V γ‖² is d/K ‖p‖² on average, which may be more than ‖p‖²; with shrink it is d/(K+d) ‖p‖². */
function requireContraction({ errorFeedback, shrink }: FerretOptions): void {
  if (!errorFeedback || shrink) return
  const message =
    'without shrink ferret leaves more of a change than there is, d/K of its square with K numbers of d, so what it feeds back would grow without end'
  throw new FedError('invalid-config', message, {
    fix: 'Set subspace.shrink to true, which leaves d/(K+d) of it, or subspace.errorFeedback to false.',
  })
}
