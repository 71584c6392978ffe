import { describeSubspace } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { subspaces } from './subspaces.ts'

/** Options that fit the 168 inner coordinates of the suite; further ones beside. */
const OPTIONS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  'ferret': [
    { coordinates: 24, blockLength: 50 },
    { coordinates: 40, shrink: true },
    { coordinates: 20, seeds: 'per-client' },
    { coordinates: 40, shrink: true, errorFeedback: true },
  ],
  'seed-pool': [{ seeds: 16 }, { seeds: 16, distribution: 'bell', smallest: 0.5 }, { seeds: 8, estimate: 'gradients' }],
  'eggroll': [{ members: 6 }, { members: 3, rank: 2 }],
}

for (const subspace of subspaces.plugins) {
  if (subspace.frame === null) continue
  for (const options of OPTIONS[subspace.name] ?? [{}]) describeSubspace(subspace, options)
}

describe('the subspaces', () => {
  it('are known by name, and an unknown one is refused with those that are', () => {
    const unknown = subspaces.byName('stoat')
    expect(unknown.ok ? null : unknown.error).toMatchObject({
      code: 'unknown-subspace',
      fix: expect.stringContaining('ferret'),
    })
    expect(subspaces.selection.safeParse({ name: 'ferret', coordinates: 0 }).success).toBe(false)
  })
})
