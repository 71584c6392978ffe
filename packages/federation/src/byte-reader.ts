import { FedError } from '@tessera/vocabulary'

/** Bytes in pieces of any size. */
export type ByteStream = AsyncIterable<Uint8Array>

/** Reads lines and blocks of bytes, whatever the pieces are that they come in. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array()

  constructor(stream: ByteStream) {
    this.#pieces = stream[Symbol.asyncIterator]()
  }

  /** The text up to the next line feed; null at the end of the stream. @throws {FedError} 'malformed-frame': half a line. */
  async line(): Promise<string | null> {
    const parts: Uint8Array[] = []
    for (;;) {
      const end = this.#rest.indexOf(LINE_FEED)
      if (end >= 0) {
        parts.push(this.#take(end))
        this.#take(1)
        return new TextDecoder().decode(join(parts))
      }
      parts.push(this.#take(this.#rest.length))
      if (await this.#fill()) continue
      if (parts.every(({ length }) => length === 0)) return null
      throw cutShort()
    }
  }

  /** The next bytes, so many. @throws {FedError} 'malformed-frame': there are fewer. */
  async bytes(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for (let missing = count; missing > 0; ) {
      if (this.#rest.length === 0 && !(await this.#fill())) throw cutShort()
      const part = this.#take(Math.min(missing, this.#rest.length))
      parts.push(part)
      missing -= part.length
    }
    return join(parts)
  }

  /** Tell the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  #take(count: number): Uint8Array {
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return taken
  }

  async #fill(): Promise<boolean> {
    const next = await this.#pieces.next()
    if (!next.done) this.#rest = next.value
    return !next.done
  }
}

const LINE_FEED = 10

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const cutShort = (): FedError => new FedError('malformed-frame', 'the answer of the coordinator ends too early')
