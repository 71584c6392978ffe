import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { checkOptions, type DrillOptions, drillsNamed, placesOf } from './drill-options.ts'
import { DRILLS } from './drills.ts'

const OPTIONS: DrillOptions = {
  drills: drillsNamed('kill'),
  dataFiles: [],
  seed: 1,
  network: 'auto',
  device: 'onnx-cpu',
  pids: [],
  keep: false,
}
const live = { url: 'http://127.0.0.1:8080', token: 't' }
const refusal = (change: Partial<DrillOptions>): string => {
  try {
    checkOptions({ ...OPTIONS, ...change })
    return 'accepted'
  } catch (error) {
    return (error as FedError).message
  }
}

describe('what is asked of a drill', () => {
  it('is one of eight names, or all', () => {
    const names = ['clock', 'corrupt', 'dup', 'kill', 'latency', 'partition', 'pause', 'reorder']
    expect(DRILLS.map(({ name }) => name)).toEqual(names)
    expect(drillsNamed('all')).toEqual(DRILLS)
    expect(() => drillsNamed('flood')).toThrow('there is no drill "flood"')
  })

  it('is refused with a reason when it contradicts itself', () => {
    expect(refusal({})).toBe('accepted')
    expect(refusal({ drills: drillsNamed('latency'), target: 'postgres' })).toBe('drill latency has no target postgres')
    expect(refusal({ drills: DRILLS, target: 'coordinator' })).toBe('accepted')
    expect(refusal({ specFile: 'tessera.yaml' })).toBe('a run specification of your own needs data')
    expect(refusal({ pids: [7] })).toBe('--run and --pid are for a live deployment')
    expect(refusal({ databaseUrl: 'x', target: 'postgres' })).toBe("the postgres here is not the drill's own")
    expect(refusal({ live, target: 'coordinator' })).toBe("the coordinator here is not the drill's own")
    expect(refusal({ live, target: 'coordinator', pids: [7] })).toBe('accepted')
    expect(refusal({ live })).toBe('the drill has nothing that it could disturb')
    expect(refusal({ live, pids: [7] })).toBe('accepted')
    expect(refusal({ live, pids: [7], drills: drillsNamed('dup') })).toBe('--pid is for kill and pause')
    expect(refusal({ live, dataFiles: ['a.jsonl'], databaseUrl: 'x' })).toBe('a live coordinator has its own database')
  })

  const able = { links: true, netem: true, reason: null }
  const linksOnly = { links: true, netem: false, reason: 'Specified qdisc kind is unknown.' }
  const nothing = { links: false, netem: false, reason: 'Operation not permitted' }
  const delay = { kind: 'latency', delayMs: 10, jitterMs: 0 } as const
  const partition = { kind: 'partition' } as const
  const damage = { kind: 'corrupt', share: 0.1 } as const

  it('is done by the kernel where it can, and by the proxy where TCP would hide it', () => {
    expect(placesOf(delay, 'auto', able)).toEqual(['kernel'])
    expect(placesOf(damage, 'auto', able)).toEqual(['kernel', 'proxy'])
    expect(placesOf(delay, 'auto', linksOnly)).toEqual(['proxy'])
    expect(placesOf(partition, 'auto', linksOnly)).toEqual(['kernel'])
    expect(placesOf(partition, 'auto', nothing)).toEqual(['proxy'])
    expect(placesOf(partition, 'proxy', able)).toEqual(['proxy'])
    expect(placesOf(null, 'namespaces', nothing)).toEqual([])
  })

  it('is refused when only namespaces were wanted and there are none, with the reason', () => {
    expect(() => placesOf(delay, 'namespaces', linksOnly)).toThrow(FedError)
    expect(() => placesOf(delay, 'namespaces', linksOnly)).toThrow('Specified qdisc kind is unknown.')
  })
})
