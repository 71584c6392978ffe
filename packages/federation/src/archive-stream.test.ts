import { hashBytes } from '@tessera/protocol'
import { archiveRun, collect } from '@tessera/testing'
import { FedError } from '@tessera/vocabulary'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeLog, decodeUpdates, encodeLog, encodeUpdates } from './archive-stream.ts'
import type { RunArchive } from './run-archive.ts'

const ROUND = { kind: 'train', index: 1 } as const
let run: RunArchive
let log: Uint8Array
let updates: Uint8Array

beforeAll(async () => {
  run = await archiveRun({ spec: { total: 1 }, hash: hashBytes })
  log = Buffer.concat(await collect(encodeLog(run)))
  updates = Buffer.concat(await collect(encodeUpdates(run.updates(ROUND))))
})

/** The bytes in pieces that end where the numbers say. */
async function* inPieces(bytes: Uint8Array, ends: readonly number[]): AsyncIterable<Uint8Array> {
  const cuts = [0, ...ends.map((end) => end % bytes.length).sort((a, b) => a - b), bytes.length]
  for (const [at, end] of cuts.slice(1).entries()) yield bytes.subarray(cuts[at], end)
}
const failing = (error: unknown) => (error instanceof FedError ? error.code : error)

describe('an archive on its way', () => {
  it('comes out as it went in, whatever the pieces', async () => {
    const [rows, sent] = [await collect(run.events()), await collect(run.updates(ROUND))]
    expect([rows.length, sent.length]).toEqual([run.state.seq, 3])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 12 }), async (ends) => {
        const { events, ...header } = await decodeLog(inPieces(log, ends))
        expect(header).toEqual({ record: run.record, state: run.state, versions: run.versions })
        expect(await collect(events())).toEqual(rows)
        const came = await collect(decodeUpdates(inPieces(updates, ends)))
        expect(came.map((update) => ({ ...update, bytes: new Uint8Array(update.bytes) }))).toEqual(sent)
      }),
      { numRuns: 50 },
    )
  })

  it('is refused with malformed-frame where it is cut within a line or an update, and where a line is none', async () => {
    const cut = (bytes: Uint8Array) => inPieces(bytes.subarray(0, bytes.length - 1), [])
    const reading = async () => collect((await decodeLog(cut(log))).events())
    expect(await reading().catch(failing)).toBe('malformed-frame')
    expect(await collect(decodeUpdates(cut(updates))).catch(failing)).toBe('malformed-frame')
    const lines = inPieces(new TextEncoder().encode('{"seq":1}\n'), [])
    expect(await decodeLog(lines).catch(failing)).toBe('malformed-frame')
    expect(await decodeLog(inPieces(new Uint8Array(), [])).catch(failing)).toBe('malformed-frame')
  })

  it('tells its source when the reader wants no more', async () => {
    let closed = false
    async function* source() {
      try {
        for (;;) yield log
      } finally {
        closed = true
      }
    }
    const { events } = await decodeLog(source())
    for await (const _row of events()) break
    expect(closed).toBe(true)
  })
})
