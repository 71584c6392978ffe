import type { Drill } from './drill.ts'
import * as list from './drills-list.ts'

/** Every drill there is. */
export const DRILLS: readonly Drill[] = Object.values(list)
