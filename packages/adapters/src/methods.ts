import { createRegistry } from '@tessera/registry'
import * as list from './methods-list.ts'

export const adapterMethods = createRegistry(
  { noun: 'adapter method', key: 'method', unknownCode: 'unknown-method' },
  list,
)
