import { z } from 'zod'
import { defineRankPolicy } from './rank-policy.ts'

/** Every layer keeps the rank that it begins with. */
export const unchangingRanks = defineRankPolicy({
  name: 'none',
  config: z.object({}),
  misfit: () => null,
  begin: () => [],
})
