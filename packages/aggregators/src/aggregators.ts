import { createRegistry } from '@tessera/registry'
import type { Aggregator } from './aggregator.ts'
import * as list from './aggregators-list.ts'

export const aggregators = createRegistry<Aggregator, 'rule'>(
  { noun: 'aggregation rule', key: 'rule', unknownCode: 'unknown-aggregator' },
  list,
)
