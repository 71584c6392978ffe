import type { ByteKind, BytePlace } from '@tessera/protocol'

/** Bytes of frames by kind, in both directions. */
export type ByteCounts = Readonly<Partial<Record<ByteKind, { readonly up: number; readonly down: number }>>>

/** One more message of some kind. */
export function addBytes(counts: ByteCounts, { kind }: BytePlace, moved: { up?: number; down?: number }): ByteCounts {
  const { up, down } = counts[kind] ?? { up: 0, down: 0 }
  return { ...counts, [kind]: { up: up + (moved.up ?? 0), down: down + (moved.down ?? 0) } }
}
