import { createRegistry } from '@tessera/registry'
import type { Subspace } from './subspace.ts'
import * as list from './subspaces-list.ts'

export const subspaces = createRegistry<Subspace, 'name'>(
  { noun: 'subspace', key: 'name', unknownCode: 'unknown-subspace' },
  list,
)
