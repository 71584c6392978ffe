import { notDeflate } from './deflate-bits.ts'

const LARGEST_DISTANCE = 32_768

export interface InflateLimits {
  /** What the stream may point back into, as if it had come before. */
  readonly dictionary: Uint8Array
  /** The stream is refused when it holds more; its memory never grows beyond. */
  readonly mostBytes: number
}

/** What a stream was inflated to until now, behind its dictionary. Its memory grows with it, never over the limit. */
export class InflatedBytes {
  readonly #start: number
  readonly #limit: number
  #room: Uint8Array
  #end: number

  /** @param guess Bytes that there is room for at first, as far as the limit allows. */
  constructor({ dictionary, mostBytes }: InflateLimits, guess: number) {
    this.#start = dictionary.length
    this.#end = this.#start
    this.#limit = this.#start + mostBytes
    this.#room = new Uint8Array(Math.min(this.#start + guess, this.#limit))
    this.#room.set(dictionary)
  }

  /** @throws {FedError} It would be over the limit; so do the two below. */
  push(byte: number): void {
    this.#reserve(1)
    this.#room[this.#end++] = byte
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#room.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Again what came `distance` bytes ago, also where that is still being written. */
  repeat(length: number, distance: number): void {
    if (distance > this.#end || distance > LARGEST_DISTANCE) throw notDeflate('it points before its beginning')
    this.#reserve(length)
    const end = this.#end + length
    for (; this.#end < end; this.#end++) this.#room[this.#end] = this.#room[this.#end - distance]!
  }

  /** A view of all. */
  bytes(): Uint8Array {
    return this.#room.subarray(this.#start, this.#end)
  }

  #reserve(length: number): void {
    const needed = this.#end + length
    if (needed > this.#limit) throw notDeflate(`it holds more than ${this.#limit - this.#start} bytes`)
    if (needed <= this.#room.length) return
    const grown = new Uint8Array(Math.min(Math.max(needed, 2 * this.#room.length), this.#limit))
    grown.set(this.#room.subarray(0, this.#end))
    this.#room = grown
  }
}
