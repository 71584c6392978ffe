import { type RoundView, roundView } from '@tessera/protocol'
import { describe, expect, it } from 'vitest'
import { clientsOf, clientTraffic, initialisationBytes, ratioChart, trafficChart } from './traffic.ts'

function round(
  part: Partial<Record<keyof RoundView, unknown>>,
  statuses: readonly string[] = ['delivered'],
): RoundView {
  const cohort = statuses.map((status, index) => ({
    clientId: `client-${index}`,
    assignmentId: `a-${index}`,
    status,
    weight: null,
    uploadBytes: 1000 + index,
    downloadBytes: 1500,
    retryBytes: 0,
    floorBytes: 900,
    step: 0,
    steps: 10,
    loss: null,
  }))
  return roundView.parse({
    runId: 'demo',
    round: 1,
    kind: 'train',
    pass: 0,
    startedAt: 0,
    committedAt: 1,
    cohort,
    uploadBytes: 2200,
    downloadBytes: 3300,
    retryBytes: 0,
    updateBytes: 2050,
    plainBytes: 4100,
    uploadFloorBytes: 2000,
    downloadFloorBytes: 0,
    gridExponents: null,
    coordinatesHash: null,
    updateNorm: null,
    ...part,
  })
}

const rounds = [
  round({ kind: 'probe', round: 0, pass: 0, uploadBytes: 50_000, downloadBytes: 700 }),
  round({ kind: 'probe', round: 0, pass: 1, uploadBytes: 60_000, downloadBytes: 300 }),
  round({}, ['delivered', 'delivered', 'lost']),
  round({ round: 2, committedAt: null, uploadBytes: 1100, uploadFloorBytes: 0, updateBytes: 0, plainBytes: 0 }, [
    'delivered',
    'training',
  ]),
]

describe('bytes of rounds', () => {
  it('draws training rounds only, and no floor before an update is there', () => {
    const { x, lines } = trafficChart(rounds)
    expect(x).toEqual([1, 2])
    expect(lines.map(({ values }) => values)).toEqual([
      [2200, 1100],
      [3300, 3300],
      [2000, null],
    ])
  })

  it('draws what was sent again as a line of its own, only where something was', () => {
    const again = trafficChart([round({ retryBytes: 70 }), round({ round: 2 })])
    expect(again.lines.map(({ label }) => label)).toEqual(['up', 'down', 'floor', 'sent again'])
    expect(again.lines[3]?.values).toEqual([70, null])
  })

  it('draws one client alone, and nothing where it had no part', () => {
    const [first, second] = clientsOf(rounds)
    expect([first, second]).toEqual(['client-0', 'client-1'])
    expect(trafficChart([...rounds, round({ round: 3 })], second!).lines.map(({ values }) => values)).toEqual([
      [1001, 1001, null],
      [1500, 1500, null],
      [900, 900, null],
    ])
  })

  it('gives the ratio to float32 of what was encoded, and to the floor of what was sent', () => {
    const [overFloor, compression] = ratioChart(rounds).lines
    expect(compression?.values).toEqual([2, null]) // 4100 / 2050
    expect(overFloor?.values).toEqual([1.1, null]) // 2200 / 2000
  })

  it('gives what the last committed round took a client: 2200 bytes from the 2 who delivered', () => {
    expect(clientTraffic(rounds)).toEqual({ round: 1, upload: 1100, floor: 1000 })
    expect(clientTraffic(rounds.slice(0, 2))).toBe(null)
  })

  it('adds up the passes of the initialisation', () => {
    expect(initialisationBytes(rounds)).toEqual({ passes: 2, up: 110_000, down: 1000 })
    expect(initialisationBytes([])).toBe(null)
  })
})
