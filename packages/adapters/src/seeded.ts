import type { RandomStream } from '@tessera/math'
import type { Factor, FrozenRole } from './factor.ts'

type Sized = Pick<Factor, 'name' | 'rows' | 'cols'>
type Frozen = Sized & FrozenRole

/** Uniform numbers in (−bound, bound), row-major. */
export function uniform({ rows, cols }: Omit<Sized, 'name'>, bound: number, random: RandomStream): Float32Array {
  const values = new Float32Array(rows * cols)
  random.fillUniform(values, bound)
  return values
}

/** A frozen factor, uniform in (−bound, bound), that every party draws from the run's seed, at each site its own. */
export const seededFactor = (sized: Sized, bound: number): Frozen => ({
  ...sized,
  train: false,
  derive: ({ site }) => uniform(sized, bound, site),
})

/** The same with the same numbers at all sites: a site with fewer rows has the first ones. */
export const sharedRows = (sized: Sized, bound: number): Frozen => ({
  ...sized,
  train: false,
  derive: ({ run }) => uniform(sized, bound, run),
})

/** The same for columns: a site with fewer columns has the first ones. */
export const sharedColumns = (sized: Sized, bound: number): Frozen => ({
  ...sized,
  train: false,
  derive({ run }) {
    const { rows, cols } = sized
    const byColumn = uniform(sized, bound, run)
    return byColumn.map((_, at) => byColumn[(at % cols) * rows + Math.floor(at / cols)])
  },
})
