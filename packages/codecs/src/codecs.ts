import { createRegistry } from '@tessera/registry'
import type { Codec } from './codec.ts'
import * as list from './codecs-list.ts'

export const codecs = createRegistry<Codec, 'codec'>(
  { noun: 'codec', key: 'codec', unknownCode: 'unknown-codec' },
  list,
)
