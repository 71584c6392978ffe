import { networkDrill } from '../network-drill.ts'

export const corrupt = networkDrill({
  name: 'corrupt',
  summary: 'bits flip in messages',
  fault: { kind: 'corrupt', share: 0.1 },
})
