import { expect, it } from 'vitest'
import { packetBytes } from './packet-bytes.ts'

it('takes a WebSocket frame a packet: 2, 4 or 10 bytes, 4 for the mask, and a digit before text', () => {
  const whole = (length: number, masked = false) => packetBytes({ data: new Uint8Array(length) }, { masked }).whole
  expect([whole(125), whole(126), whole(65_535), whole(65_536), whole(125, true)]).toEqual([
    ...[127, 130, 65_539, 65_546, 131],
  ])
  expect(packetBytes({}, { masked: true })).toEqual({ whole: 7, payload: 0 }) // a pong: 3
  expect(packetBytes({ data: '0/worker,é' }, { masked: false })).toEqual({ whole: 2 + 1 + 11, payload: 0 })
  expect(packetBytes({ data: Buffer.alloc(9) }, { masked: false })).toEqual({ whole: 11, payload: 9 })
})
