import { networkDrill } from '../network-drill.ts'

export const dup = networkDrill({
  name: 'dup',
  summary: 'messages arrive twice',
  fault: { kind: 'dup', share: 0.5 },
})
