import { CHUNK_BYTES, chunkCount, hashBytes, MAX_FETCH_BYTES, MAX_INLINE_BYTES, sliceChunk } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from './coordinator-under-test.ts'
import { connectClient, helloOf, newSecret, updateOf } from './frame-client.ts'

let coordinator: CoordinatorUnderTest

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
})
afterAll(() => coordinator?.stop())

/** Bytes that no part of repeats, from their position alone. */
const blobOf = (size: number, salt: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => (Math.imul(at + salt, 2654435761) >>> 13) & 0xff)
const storeChunk = (bytes: Uint8Array, index: number) => ({
  header: { type: 'store-chunk', hash: hashBytes(bytes), size: bytes.length, index },
  body: sliceChunk(bytes, index),
})

describe('an upload of more than a megabyte', () => {
  const bytes = blobOf(5 * CHUNK_BYTES + 1000, 1)
  const [hash, size] = [hashBytes(bytes), bytes.length]
  const offer = { type: 'offer-blob', hash, size }

  it('is cut into chunks, outlives a lost connection and a new coordinator, and is readable only when whole', async () => {
    const secret = newSecret()
    expect(chunkCount(size)).toBe(6)
    const before = await coordinator.admitted('uploader', secret)
    expect(await before.send(offer)).toEqual({ type: 'wanted', hash, missing: [0, 1, 2, 3, 4, 5] })
    for (const index of [4, 0, 5]) {
      const { header, body } = storeChunk(bytes, index)
      expect(await before.send(header, body)).toEqual({ type: 'stored', hash, index, complete: false })
    }
    const early = await before.send({ type: 'fetch-blob', hash, offset: 0, length: 1 })
    expect(early).toMatchObject({ code: 'unknown-blob' })
    before.drop()
    await coordinator.restart()

    const after = await coordinator.admitted('uploader', secret)
    expect(await after.send(offer)).toEqual({ type: 'wanted', hash, missing: [1, 2, 3] })
    for (const index of [4, 1, 2]) {
      const { header, body } = storeChunk(bytes, index)
      expect(await after.send(header, body)).toEqual({ type: 'stored', hash, index, complete: false })
    }
    const last = storeChunk(bytes, 3)
    expect(await after.send(last.header, last.body)).toEqual({ type: 'stored', hash, index: 3, complete: true })
    expect(await after.send(offer)).toEqual({ type: 'wanted', hash, missing: [] })
    expect(hashBytes(await coordinator.api.blob(hash))).toBe(hash)
    after.drop()
  })

  it('of other bytes than its hash says is refused with the last chunk, and all chunks are missing again', async () => {
    const client = await coordinator.admitted('forger')
    const forged = hashBytes(blobOf(2, 9))
    const header = { type: 'store-chunk', hash: forged, size: CHUNK_BYTES + 2 }
    const first = await client.send({ ...header, index: 0 }, blobOf(CHUNK_BYTES, 3))
    expect(first).toEqual({ type: 'stored', hash: forged, index: 0, complete: false })
    expect(await client.send({ ...header, index: 1 }, blobOf(2, 4))).toMatchObject({ code: 'hash-mismatch' })
    const answer = await client.send({ type: 'offer-blob', hash: forged, size: CHUNK_BYTES + 2 })
    expect(answer).toEqual({ type: 'wanted', hash: forged, missing: [0, 1] })
    client.drop()
  })

  it('may not have a chunk that it can not have, nor be larger than a blob may be', async () => {
    const client = await coordinator.admitted('giant')
    const { header, body } = storeChunk(bytes, 0)
    expect(await client.send({ ...header, index: 6 }, body)).toMatchObject({ code: 'invalid-message' })
    expect(await client.send({ ...header, index: 5 }, body)).toMatchObject({ code: 'invalid-message' })
    expect(await client.send(header, body.slice(1))).toMatchObject({ code: 'invalid-message' })
    expect(await client.send({ ...offer, size: 2 ** 41 })).toMatchObject({ code: 'invalid-message' })
    client.drop()
  })
})

describe('a download', () => {
  it('gives any stretch, ends where the blob ends, and refuses what lies past it', async () => {
    const client = await coordinator.admitted('reader')
    const bytes = blobOf(1000, 5)
    const { header, body } = storeChunk(bytes, 0)
    await client.send(header, body)
    const fetch = { type: 'fetch-blob', hash: hashBytes(bytes) }
    const chunk = { type: 'chunk', hash: hashBytes(bytes), size: 1000 }
    expect(await client.send({ ...fetch, offset: 999, length: MAX_FETCH_BYTES })).toEqual({ ...chunk, offset: 999 })
    for (const offset of [1000, 1001, Number.MAX_SAFE_INTEGER]) {
      const answer = await client.send({ ...fetch, offset, length: 1 })
      expect(answer).toMatchObject({ code: 'invalid-message', message: expect.stringContaining('1000 bytes') })
    }
    expect(await client.send({ ...fetch, offset: 0, length: MAX_FETCH_BYTES + 1 })).toMatchObject({
      code: 'invalid-message',
    })
    expect(await client.send({ ...fetch, hash: 'd'.repeat(64), offset: 0, length: 1 })).toMatchObject({
      code: 'unknown-blob',
    })
    client.drop()
  })
})

describe('an update of more than a megabyte', () => {
  /** LoRA-SB of rank 150 on q_proj, o_proj and gate_proj of four layers: 12 squares of 150 × 150 float32. */
  const coordinates = 12 * 150 * 150

  it('travels as a blob over two connections, and counts as any other', async () => {
    const secret = newSecret()
    const spec = {
      targets: ['q_proj', 'o_proj', 'gate_proj'],
      adapter: { method: 'lora-sb', rank: 150, initialStep: 0 },
    }
    const runId = await coordinator.startRun({ total: 1, clients: 1 }, spec)
    const client = await coordinator.admitted('large', secret)
    const { message, body } = updateOf(await client.told('assignment'), new Float32Array(coordinates).fill(2 ** -10))
    expect(body.length).toBeGreaterThan(MAX_INLINE_BYTES)
    const hash = hashBytes(body)
    const asBlob = { ...message, blob: hash }
    for (const index of [0, 1]) {
      expect(await client.send(asBlob)).toMatchObject({ code: 'blob-incomplete', retryable: true })
      const chunk = storeChunk(body, index)
      await client.send(chunk.header, chunk.body)
    }
    client.drop()

    const again = await connectClient(coordinator.url)
    await again.send(helloOf('large', { token: TOKEN, secret }))
    const wanted = await again.send({ type: 'offer-blob', hash, size: body.length })
    expect(wanted).toEqual({ type: 'wanted', hash, missing: [2, 3, 4] })
    for (const index of [2, 3, 4]) {
      const chunk = storeChunk(body, index)
      await again.send(chunk.header, chunk.body)
    }
    expect(await again.send(asBlob)).toEqual({ type: 'accepted', duplicate: false })
    expect(await again.send(asBlob)).toEqual({ type: 'accepted', duplicate: true })
    await coordinator.phase(runId, 'finished')
    const [round] = await coordinator.api.rounds(runId)
    expect(round).toMatchObject({
      updateBytes: body.length,
      uploadFloorBytes: body.length,
      cohort: [{ status: 'delivered', weight: 10 }],
    })
    const uploaded = async () => (await coordinator.api.rounds(runId))[0]!.uploadBytes
    await expect.poll(uploaded, { timeout: 60_000 }).toBeGreaterThan(body.length) // counted beside the answers
    again.drop()
  })
})
