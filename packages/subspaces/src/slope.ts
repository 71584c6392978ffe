import type { RoundWork } from './subspace.ts'

/** A direction in the space of the inner vector. */
export interface Direction {
  /** inner += scale · v */
  addInto(inner: Float32Array, scale: number): void
}

/**
 * The slope of a step's loss along v, from two losses: (L(x + ε v) − L(x − ε v)) / 2 ε, which is vᵀ∇L up to O(ε²).
 * Spall 1992; Malladi et al. 2023, MeZO (https://arxiv.org/abs/2305.17333).
 */
export async function slopeByLosses(
  work: Pick<RoundWork, 'loss'>,
  at: { readonly step: number; readonly inner: Float32Array; readonly epsilon: number },
  { addInto }: Direction,
): Promise<number> {
  const { step, inner, epsilon } = at
  const [ahead, behind] = [inner.slice(), inner.slice()]
  addInto(ahead, epsilon)
  addInto(behind, -epsilon)
  return ((await work.loss(step, ahead)) - (await work.loss(step, behind))) / (2 * epsilon)
}

/** Bounds what one slope can move, whatever the loss did. */
export const clipped = (slope: number, largest: number): number => Math.min(largest, Math.max(-largest, slope))
