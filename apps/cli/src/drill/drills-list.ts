/** All drills. A new one is a file and a line here. */

export { clock } from './drills/clock.ts'
export { corrupt } from './drills/corrupt.ts'
export { dup } from './drills/dup.ts'
export { kill } from './drills/kill.ts'
export { latency } from './drills/latency.ts'
export { partition } from './drills/partition.ts'
export { pause } from './drills/pause.ts'
export { reorder } from './drills/reorder.ts'
