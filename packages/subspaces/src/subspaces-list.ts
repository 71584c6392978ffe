/** The subspaces: one line each, and no second list anywhere. */
export { eggroll } from './eggroll.ts'
export { ferret } from './ferret.ts'
export { none } from './none.ts'
export { seedPool } from './seed-pool.ts'
