import { FedError } from '@tessera/vocabulary'

/** The bits of a DEFLATE stream, the lowest of a byte first. RFC 1951, 3.1.1. */
export class DeflateBits {
  readonly #bytes: Uint8Array
  #at = 0
  #held = 0
  #count = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next number of so many bits, at most 16, its lowest bit first. @throws {FedError} There are fewer. */
  take(bits: number): number {
    while (this.#count < bits) {
      this.#held |= this.#next() << this.#count
      this.#count += 8
    }
    const value = this.#held & ((1 << bits) - 1)
    this.#held >>>= bits
    this.#count -= bits
    return value
  }

  /** Whole bytes, from the next byte on; what is left of the one before is passed over. */
  takeBytes(length: number): Uint8Array {
    this.#held = 0
    this.#count = 0
    if (this.#bytes.length - this.#at < length) throw notDeflate('it is cut short')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Whether no whole byte is left. */
  ended(): boolean {
    return this.#at === this.#bytes.length
  }

  #next(): number {
    if (this.ended()) throw notDeflate('it is cut short')
    return this.#bytes[this.#at++]!
  }
}

/** What is said of bytes that are no DEFLATE stream, or one that is not wanted. */
export const notDeflate = (reason: string): FedError =>
  new FedError('invalid-message', `the header can not be inflated: ${reason}`)
