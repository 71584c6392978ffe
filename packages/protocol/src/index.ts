export { hashBytes } from './blob-hash.ts'
export { type BytePlace, ByteSorter } from './byte-sorter.ts'
export { chunkCount, chunkRange, hasChunk, sliceChunk } from './chunks.ts'
export { type Assignment, type CoordinatorMessage, coordinatorMessage } from './coordinator-messages.ts'
export { type Envelope, sealFrame } from './envelope.ts'
export { decodeFrame, decodeReply, encodeFrame, type Frame } from './frame.ts'
export {
  type ByteKind,
  byteKind,
  type LedgerEntry,
  type LedgerSplit,
  type LedgerView,
  ledgerEntry,
  ledgerSplit,
  ledgerView,
} from './ledger-view.ts'
export { CHUNK_BYTES, MAX_FETCH_BYTES, MAX_HEADER_BYTES, MAX_INLINE_BYTES, MAX_LISTED_CHUNKS } from './limits.ts'
export { LIVE_EVENT, type LiveMessage, liveMessage } from './live-feed.ts'
export { type Message, type MessageOf, message, type ReplyTo, type Request } from './message.ts'
export { packHeader } from './packed-header.ts'
export { errorOf, publicMessage, type Refusal, refusalOf } from './refusal.ts'
export { type Reply, reply } from './replies.ts'
export { FRAME_EVENT, PROTOCOL_VERSION } from './version.ts'
export {
  type ClientView,
  type CohortMember,
  clientView,
  cohortMember,
  type EventView,
  eventView,
  type MetricPoint,
  metricPoint,
  type RoundView,
  type RunView,
  roundView,
  runView,
  type WorkerView,
  workerView,
} from './views.ts'
export { type WorkerMessage, workerMessage } from './worker-messages.ts'
