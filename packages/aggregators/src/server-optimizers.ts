import { createRegistry } from '@tessera/registry'
import type { ServerOptimizer } from './server-optimizer.ts'
import * as list from './server-optimizers-list.ts'

export const serverOptimizers = createRegistry<ServerOptimizer, 'name'>(
  { noun: 'server optimizer', key: 'name', unknownCode: 'unknown-server-optimizer' },
  list,
)
