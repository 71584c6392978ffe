import { z } from 'zod'
import { runIdField } from './fields.ts'
import { eventView, metricPoint, roundView, runView, workerView } from './views.ts'

/** The socket.io event of the live feed; its single argument is one `liveMessage` as JSON. */
export const LIVE_EVENT = 'live'

/** What the dashboard hears as it happens: each message is the whole new view, never a difference. */
export const liveMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), run: runView }),
  z.strictObject({ type: z.literal('round'), round: roundView }),
  z.strictObject({ type: z.literal('metric'), metric: metricPoint }),
  z.strictObject({ type: z.literal('worker'), worker: workerView }),
  z.strictObject({ type: z.literal('event'), event: eventView }),
  /** The run is gone, with everything of it. */
  z.strictObject({ type: z.literal('removed'), runId: runIdField }),
])
export type LiveMessage = z.infer<typeof liveMessage>
