import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { FedError } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEADER_DICTIONARY } from './header-dictionary.ts'
import { decodeFrame, decodeReply, encodeFrame, sealFrame, workerMessage } from './index.ts'
import { MESSAGES } from './message.ts'
import { packHeader } from './packed-header.ts'
import { sampleSession } from './sample-session.ts'

const EMPTY = new Uint8Array(0)
const text = (value: string) => new TextEncoder().encode(value)
const goodbye = encodeFrame({ message: { type: 'goodbye' } })
const hello = sampleSession[0]!.message
const inlineUpdate = sampleSession.find(({ message }) => message.type === 'update' && message.blob === null)!

const codeOf = (bytes: unknown) => {
  const frame = decodeFrame(bytes)
  return frame.ok ? 'ok' : frame.error.code
}
/** A frame whose envelope is sound, with any JSON as its header. */
const sealed = (json: unknown, body: Uint8Array = EMPTY) => sealedText(text(JSON.stringify(json)), body)
const sealedText = (header: Uint8Array, body: Uint8Array = EMPTY) => sealFrame({ header: packHeader(header), body })
/** A header as any other library may write it. */
const deflated = (header: Uint8Array, level = 6) => deflateRawSync(header, { level, dictionary: HEADER_DICTIONARY })

/** The frame's layout once more, independently: prefix by hand, checksum by Node. */
function layOut(header: Uint8Array, body: Uint8Array, patch: (prefix: Buffer) => void = () => {}): Uint8Array {
  const prefix = Buffer.from([0x54, 0x53, 0x52, 0x41, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  prefix.writeUInt32LE(header.length, 8)
  prefix.writeUInt32LE(body.length, 12)
  patch(prefix)
  const content = Buffer.concat([prefix, header, body])
  return Buffer.concat([content, createHash('sha256').update(content).digest().subarray(0, 16)])
}

describe('a frame', () => {
  it('gives every message back with its body', () => {
    for (const { message, body = EMPTY } of sampleSession) {
      expect(decodeFrame(encodeFrame({ message, body }))).toEqual({ ok: true, value: { message, body } })
    }
  })

  it('is sampled once at least for every message of the protocol', () => {
    const sampled = new Set(sampleSession.map(({ message }) => message.type))
    expect(MESSAGES.map(({ shape }) => shape.type.value).filter((type) => !sampled.has(type))).toEqual([])
  })

  it('is the prefix, the deflated header, the body and half a SHA-256', () => {
    const { message, body = EMPTY } = inlineUpdate
    const frame = encodeFrame({ message, body })
    const header = frame.subarray(16, -16 - body.length)
    expect(frame).toEqual(new Uint8Array(layOut(header, body)))
    const inflated = inflateRawSync(header, { dictionary: HEADER_DICTIONARY }).toString()
    expect(JSON.parse(inflated)).toEqual(message)
  })

  it('is read whatever the level of its header, and is the same bytes in whatever order the fields are given', () => {
    const { message, body = EMPTY } = inlineUpdate
    for (const level of [0, 1, 6, 9]) {
      const header = deflated(text(JSON.stringify(message)), level)
      expect(decodeFrame(layOut(header, body))).toEqual({ ok: true, value: { message, body } })
    }
    const backwards = Object.fromEntries(Object.entries(message).reverse()) as typeof message
    expect(encodeFrame({ message: backwards, body })).toEqual(encodeFrame({ message, body }))
  })

  it('of a message that says little is short: 36 bytes for goodbye and for accepted', () => {
    const accepted = encodeFrame({ message: { type: 'accepted', duplicate: false } })
    expect([goodbye.length, accepted.length]).toEqual([16 + 4 + 16, 16 + 4 + 16])
  })

  it('arrives as a Buffer at an odd offset, or as an ArrayBuffer', () => {
    const shifted = Buffer.concat([Buffer.of(0), goodbye]).subarray(1)
    expect(decodeFrame(shifted)).toEqual(decodeFrame(goodbye))
    expect(decodeFrame(goodbye.buffer)).toEqual(decodeFrame(goodbye))
  })

  it('carries any body up to 1 MiB', () => {
    const store = sampleSession.find(({ message }) => message.type === 'store-chunk')!.message
    const check = (body: Uint8Array) => {
      const frame = decodeFrame(encodeFrame({ message: { ...store, size: body.length } as typeof store, body }))
      expect(frame.ok && frame.value.body).toEqual(body)
    }
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), check))
  })
})

describe('a damaged frame', () => {
  const frame = encodeFrame(inlineUpdate)

  it('is malformed at every shorter length', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(codeOf(frame.subarray(0, length))).toBe('malformed-frame')
    }
  })

  it('is refused with any single bit flipped', () => {
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(codeOf(flipped)).toBe(bit >> 3 === 4 ? 'unsupported-version' : 'malformed-frame')
    }
  })

  it('is malformed with a byte behind its end', () => {
    expect(codeOf(Uint8Array.of(...goodbye, 0))).toBe('malformed-frame')
  })

  it('is malformed when it is no bytes at all', () => {
    for (const value of [undefined, null, 'TSRA', 7, {}, [], new Float32Array(50)]) {
      expect(codeOf(value)).toBe('malformed-frame')
    }
  })

  it('is malformed when it announces 4 GiB that are not there', () => {
    const announce = (at: number) => layOut(EMPTY, EMPTY, (prefix) => prefix.writeUInt32LE(0xffffffff, at))
    expect(codeOf(announce(8))).toBe('malformed-frame')
    expect(codeOf(announce(12))).toBe('malformed-frame')
  })

  it('is malformed above 64 KiB of header or 1 MiB of body, even when all of it is there', () => {
    expect(codeOf(layOut(new Uint8Array(65_537), EMPTY))).toBe('malformed-frame')
    expect(codeOf(layOut(deflated(text('{"type":"goodbye"}')), new Uint8Array(1_048_577)))).toBe('malformed-frame')
    expect(() => sealFrame({ header: new Uint8Array(65_537), body: EMPTY })).toThrow(RangeError)
    expect(() => sealFrame({ header: EMPTY, body: new Uint8Array(1_048_577) })).toThrow(RangeError)
  })

  it('is malformed when a reserved byte is used, although its checksum is right', () => {
    for (const at of [5, 6, 7]) {
      const reserved = layOut(deflated(text('{"type":"goodbye"}')), EMPTY, (prefix) => prefix.writeUInt8(1, at))
      expect(codeOf(reserved)).toBe('malformed-frame')
    }
  })

  it('never makes the decoder throw, whatever the bytes', () => {
    const check = (bytes: Uint8Array) => {
      expect(decodeFrame(bytes).ok).toBe(false)
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 1000 })
  })

  it('never makes the decoder throw, whatever stands in a sound envelope', () => {
    const header = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map(text),
      fc
        .record({ type: fc.constantFrom(...MESSAGES.map(({ shape }) => shape.type.value)), hash: fc.anything() })
        .map((value) => text(JSON.stringify(value) ?? '')),
    )
    const check = (bytes: Uint8Array, body: Uint8Array) => {
      for (const frame of [decodeFrame(sealFrame({ header: bytes, body })), decodeFrame(sealedText(bytes, body))])
        if (!frame.ok) expect(frame.error).toBeInstanceOf(FedError)
    }
    fc.assert(fc.property(header, fc.uint8Array({ maxLength: 20 }), check), { numRuns: 1000 })
  })
})

describe('a version', () => {
  it('of the frame other than 2 is unsupported', () => {
    for (const version of [0, 1, 255]) {
      const other = layOut(deflated(text('{"type":"goodbye"}')), EMPTY, (prefix) => prefix.writeUInt8(version, 4))
      expect(codeOf(other)).toBe('unsupported-version')
    }
  })

  it('of the protocol other than 3 is unsupported, even where the message has changed beyond recognition', () => {
    for (const protocol of [2, 4]) expect(codeOf(sealed({ ...hello, protocol }))).toBe('unsupported-version')
    expect(codeOf(sealed({ type: 'hello', protocol: 4, greeting: 'new in version 4' }))).toBe('unsupported-version')
  })
})

describe('a message', () => {
  const reasonOf = (json: unknown, body?: Uint8Array) => {
    const frame = decodeFrame(sealed(json, body))
    return frame.ok ? 'ok' : `${frame.error.code}: ${frame.error.message}`
  }

  it('is invalid when its header is not JSON, or not UTF-8', () => {
    expect(codeOf(sealedText(EMPTY))).toBe('invalid-message')
    expect(codeOf(sealedText(text('{"type":"goodbye"')))).toBe('invalid-message')
    expect(codeOf(sealedText(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('invalid-message')
  })

  it('is invalid when its header is not deflated, cut short, or longer than 64 KiB once it is inflated', () => {
    const header = text('{"type":"goodbye"}')
    const codes = [EMPTY, header, deflated(header).subarray(0, -1), Uint8Array.of(...deflated(header), 0)]
    expect(codes.map((bytes) => codeOf(layOut(bytes, EMPTY)))).toEqual(codes.map(() => 'invalid-message'))
    const padded = (length: number) => text('{"type":"goodbye"}'.padEnd(length))
    expect([65_536, 65_537].map((length) => codeOf(layOut(deflated(padded(length)), EMPTY)))).toEqual([
      'ok',
      'invalid-message',
    ])
    expect(() => packHeader(padded(65_537))).toThrow(RangeError)
  })

  it('is invalid with an unknown type, an unknown field, a missing field or a wrong one', () => {
    expect(reasonOf({ type: 'shout' })).toMatch(/^invalid-message: type: /)
    expect(reasonOf({ type: 'goodbye', loudly: true })).toMatch(/^invalid-message: .*"loudly"/)
    expect(reasonOf({ type: 'idle' })).toMatch(/^invalid-message: message: /)
    expect(reasonOf({ ...hello, clientId: 'a/b' })).toMatch(/^invalid-message: clientId: must be 1 to 64/)
    expect(reasonOf({ ...hello, examples: 0 })).toMatch(/^invalid-message: examples: /)
  })

  it('has no NaN and no infinity', () => {
    const progress = { type: 'progress', runId: 'r', round: 1, assignmentId: 'a', step: 0, steps: 1 }
    const header = (loss: string) => text(JSON.stringify(progress).replace('}', `,"loss":${loss}}`))
    expect(codeOf(sealedText(header('1.5')))).toBe('ok')
    expect(codeOf(sealedText(header('null')))).toBe('ok')
    expect(codeOf(sealedText(header('1e999')))).toBe('invalid-message')
    const loss = Number.NaN
    expect(() => encodeFrame({ message: { ...progress, loss } as never })).toThrow(FedError)
  })

  it('names no file outside the model folder', () => {
    const assignment = sampleSession.find(({ message }) => message.type === 'assignment')!.message
    const withPath = (path: string) =>
      codeOf(sealed({ ...assignment, model: [{ path, hash: '0'.repeat(64), size: 1 }] }))
    for (const path of ['model.safetensors', 'a/b-1/c_2.json']) expect(withPath(path)).toBe('ok')
    for (const path of ['', '/etc/passwd', '../x', 'a/../../x', 'a\\..\\x', 'C:x', 'a//b', '.hidden', 'a/', 'a\n']) {
      expect(withPath(path)).toBe('invalid-message')
    }
  })

  it('is invalid in the wrong direction', () => {
    const frame = decodeFrame(encodeFrame({ message: { type: 'idle', message: 'rest' } }), workerMessage)
    expect(frame.ok ? 'ok' : frame.error.code).toBe('invalid-message')
  })

  it('has a body exactly where it may', () => {
    expect(reasonOf({ type: 'goodbye' }, Uint8Array.of(1))).toBe('invalid-message: goodbye has no body, got 1 bytes')
    const hash = '0'.repeat(64)
    const store = { type: 'store-chunk', hash, size: 5, index: 0 }
    expect(reasonOf(store, new Uint8Array(4))).toBe('invalid-message: chunk 0 of a blob of 5 bytes has 5 bytes, got 4')
    expect(reasonOf({ ...store, index: 1 }, new Uint8Array(5))).toBe(
      'invalid-message: a blob of 5 bytes has no chunk 1',
    )
    expect(reasonOf({ type: 'chunk', hash, size: 5, offset: 3 }, new Uint8Array(3))).toBe(
      'invalid-message: a chunk at 3 of 5 bytes can not have 3 bytes',
    )
  })

  it('of an update has a body or names a blob, never both', () => {
    const { message, body } = inlineUpdate
    const blob = '0'.repeat(64)
    expect(codeOf(sealed(message, body))).toBe('ok')
    expect(codeOf(sealed(message))).toBe('invalid-message')
    expect(codeOf(sealed({ ...message, blob }))).toBe('ok')
    expect(codeOf(sealed({ ...message, blob }, body))).toBe('invalid-message')
  })

  it('that is wrong is our own mistake when we send it', () => {
    expect(() => encodeFrame({ message: { type: 'shout' } as never })).toThrow(FedError)
    expect(() => encodeFrame({ message: { type: 'goodbye' }, body: Uint8Array.of(1) })).toThrow(FedError)
    const metrics = { m: Number.POSITIVE_INFINITY }
    expect(() => encodeFrame({ ...inlineUpdate, message: { ...inlineUpdate.message, metrics } as never })).toThrow(
      FedError,
    )
  })
})

describe('a reply', () => {
  const accepted = encodeFrame({ message: { type: 'accepted', duplicate: true } })
  const stop = { type: 'refusal', code: 'round-over', message: 'round 2 is over', retryable: false } as const

  it('is the one that its request hopes for', () => {
    const frame = decodeReply('update', accepted)
    expect(frame.ok && frame.value.message.duplicate).toBe(true)
  })

  it('of another type is invalid', () => {
    const frame = decodeReply('fetch-blob', accepted)
    expect(frame.ok ? '' : `${frame.error.code}: ${frame.error.message}`).toBe(
      'invalid-message: fetch-blob is answered by chunk, not by accepted',
    )
  })

  it('that refuses is the error it stands for, with its fix', () => {
    const frame = decodeReply('update', encodeFrame({ message: { ...stop, fix: 'Wait for the next round.' } }))
    expect(frame.ok ? '' : [frame.error.code, frame.error.message, frame.error.fix]).toEqual([
      'round-over',
      'round 2 is over',
      'Wait for the next round.',
    ])
  })

  it('that is damaged or missing is malformed', () => {
    for (const bytes of [accepted.subarray(1), undefined]) {
      const frame = decodeReply('update', bytes)
      expect(frame.ok ? '' : frame.error.code).toBe('malformed-frame')
    }
  })
})
