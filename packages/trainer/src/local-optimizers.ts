import { createRegistry } from '@tessera/registry'
import type { LocalOptimizer } from './local-optimizer.ts'
import * as list from './local-optimizers-list.ts'

export const localOptimizers = createRegistry<LocalOptimizer, 'name'>(
  { noun: 'local optimizer', key: 'name', unknownCode: 'unknown-optimizer' },
  list,
)
