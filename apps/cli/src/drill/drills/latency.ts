import { networkDrill } from '../network-drill.ts'

export const latency = networkDrill({
  name: 'latency',
  summary: 'every message is late, each by another time',
  fault: { kind: 'latency', delayMs: 80, jitterMs: 60 },
})
