import { inOrder, type Plan } from './mortal-federation.ts'
import type { Setting } from './small-cast.ts'

/** Four rounds of two or three clients. */
export const rounds = (mode: NonNullable<Setting['rounds']>['mode'], choices: object = {}): Setting['rounds'] => ({
  total: 4,
  cohort: { size: 3, quorum: 2 },
  deadline: { softMs: 1000, hardMs: 3000 },
  mode,
  ...choices,
})
/** The three clients take turns at being first. */
export const turning = inOrder((index) => ['abcde', 'cabed', 'bcaed'][index % 3]!.split(''))
/** The client c misses the soft deadline of round 2. */
const lateInTwo = inOrder((index) => (index === 2 ? ['a', 'b', 'alarm'] : ['c', 'a', 'b']))
/** The client c takes three rounds for one update, then b takes two. */
const slowInTurn = inOrder((index) => ['ab', 'ab', 'ca', 'bc'][index % 4]!.split(''))
const discard = { kind: 'sync', onLate: 'discard' } as const
const nextRound = { kind: 'sync', onLate: 'next-round' } as const
export const buffer = (maxStaleness: number) => ({ kind: 'buffered', bufferSize: 2, maxStaleness }) as const

/** Every way of working whose runs must not feel that a coordinator dies, with what its clients do. */
export const SETTINGS: readonly (readonly [name: string, Setting, Plan])[] = [
  ['from the base weights, every update kept', {}, turning],
  ['from a federated sketch, hashes kept', { initialisation: 'federated-sketch', persist: 'keep-hashes' }, turning],
  ['that discards a late update', { rounds: rounds(discard), persist: 'keep-hashes' }, lateInTwo],
  ['that takes a late update into the next round', { rounds: rounds(nextRound) }, lateInTwo],
  [
    'that asks three clients and takes the first two',
    { rounds: rounds(discard, { cohort: { size: 2, quorum: 2, overSelection: 1.5 } }) },
    turning,
  ],
  ['of buffers', { rounds: rounds(buffer(3)) }, slowInTurn],
  [
    'of buffers that calls off what is too old, hashes kept',
    { rounds: rounds(buffer(1)), persist: 'keep-hashes' },
    slowInTurn,
  ],
  ['that draws three of five clients', { clients: { a: 10, b: 25, c: 7, d: 3, e: 4 } }, turning],
]
