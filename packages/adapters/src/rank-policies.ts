import { createRegistry } from '@tessera/registry'
import * as list from './rank-policies-list.ts'

export const rankPolicies = createRegistry(
  { noun: 'rank policy', key: 'name', unknownCode: 'unknown-rank-policy' },
  list,
)
