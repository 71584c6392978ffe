import type { RawData } from 'ws'

/** One WebSocket message. */
export interface Piece {
  readonly bytes: Buffer
  readonly binary: boolean
}

/** A socket.io message as it is on the wire: a text, and the binary attachments that it counts. */
export interface SocketMessage {
  readonly pieces: readonly Piece[]
  /** An event or its acknowledgement; anything else belongs to the connection itself. */
  readonly payload: boolean
}

/** Engine.io's 4 is a message; in it socket.io's 2 and 3 are an event and an acknowledgement, 5 and 6 the same with attachments. */
const PAYLOAD = /^4(?:[23]|[56](\d+)-)/
const HEAD_BYTES = 16

/**
 * Puts the pieces of one direction together to whole messages; null until the last piece is there. See
 * https://socket.io/docs/v4/socket-io-protocol/#packet-encoding.
 */
export function messageGrouping(): (data: RawData, binary: boolean) => SocketMessage | null {
  let open: Piece[] = []
  let missing = 0
  return (data, binary) => {
    const piece = { bytes: asBuffer(data), binary }
    if (missing > 0) {
      open.push(piece)
      missing -= 1
      return missing === 0 ? { pieces: open, payload: true } : null
    }
    const head = binary ? null : PAYLOAD.exec(piece.bytes.toString('latin1', 0, HEAD_BYTES))
    missing = Number(head?.[1] ?? 0)
    open = [piece]
    return missing === 0 ? { pieces: open, payload: head !== null } : null
  }
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}

/** A copy with one bit of one attachment flipped; null without attachments. */
export function withFlippedBit({ pieces, payload }: SocketMessage, below: (n: number) => number): SocketMessage | null {
  const attachments = pieces.flatMap(({ binary, bytes }, at) => (binary && bytes.length > 0 ? [at] : []))
  if (attachments.length === 0) return null
  const victim = attachments[below(attachments.length)]
  const damaged = Buffer.from(pieces[victim].bytes)
  damaged[below(damaged.length)] ^= 1 << below(8)
  return { payload, pieces: pieces.map((piece, at) => (at === victim ? { ...piece, bytes: damaged } : piece)) }
}
