export { ERROR_CODES, type ErrorCode } from './error-codes.ts'
export { asFedError, FedError, type FedErrorContext, ShapeError } from './fed-error.ts'
export {
  type AssignmentId,
  assignmentId,
  type BlobHash,
  blobHash,
  type ClientId,
  clientId,
  type RunId,
  runId,
} from './ids.ts'
export { err, ok, type Result, unwrap } from './result.ts'
export type { Coordinates, Site, Update } from './tensors.ts'
