/** As much of a packet of engine.io as its length depends on. */
export interface Packet {
  readonly data?: unknown
}

export interface PacketBytes {
  /** All of it on the connection. */
  readonly whole: number
  /** What it carries for us; the text packets of socket.io carry nothing. */
  readonly payload: number
}

/**
 * A packet of engine.io as the one WebSocket frame that it is: 2 bytes, 2 or 8 more for a length above 125 or 65 535, 4
 * for the mask of a client (RFC 6455 §5.2); binary as it is, text in UTF-8 after a digit.
 */
export function packetBytes({ data }: Packet, { masked }: { readonly masked: boolean }): PacketBytes {
  const payload = ArrayBuffer.isView(data) ? data.byteLength : 0
  const content = ArrayBuffer.isView(data) ? payload : 1 + (typeof data === 'string' ? Buffer.byteLength(data) : 0)
  const length = content > 65_535 ? 8 : content > 125 ? 2 : 0
  return { whole: 2 + length + (masked ? 4 : 0) + content, payload }
}
