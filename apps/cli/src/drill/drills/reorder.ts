import { networkDrill } from '../network-drill.ts'

export const reorder = networkDrill({
  name: 'reorder',
  summary: 'messages overtake each other',
  fault: { kind: 'reorder', share: 0.5 },
})
