import { createRegistry } from '@tessera/registry'
import type { Initialisation } from './initialisation.ts'
import * as list from './initialisations-list.ts'

export const initialisations = createRegistry<Initialisation, 'name'>(
  { noun: 'initialisation', key: 'name', unknownCode: 'unknown-initialisation' },
  list,
)
