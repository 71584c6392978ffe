import { codecs } from '@tessera/codecs'
import { unwrap } from '@tessera/vocabulary'
import type { FederationSpec } from './federation-spec.ts'
import { codecOf, type UpdateWork } from './update-codec.ts'

/**
 * The least bytes that an update of `length` coordinates could take by the run's codec; nothing around it is counted.
 *
 * @example updateFloorBytes({ spec: { codec: { codec: 'float32' }, seed: 7 }, kind: 'train' }, 16) // 64
 */
export const updateFloorBytes = (work: Omit<UpdateWork, 'round'>, length: number): number =>
  floorBytes(codecOf(work), length)

/** The same for what a round added to the coordinates, on its way to a client that has those before it. */
export function stepFloorBytes({ downlink }: Pick<FederationSpec, 'downlink'>, length: number): number {
  return floorBytes(downlink.codec === 'none' ? { codec: 'float32' } : downlink, length)
}

function floorBytes(codec: FederationSpec['codec'], length: number): number {
  return Math.ceil(unwrap(codecs.byName(codec.codec)).floorBits(length, codec as never) / 8)
}
