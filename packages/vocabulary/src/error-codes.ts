/**
 * The one table of error codes. The wire and `--json` carry the code, the log carries the cause.
 *
 * `retryable` says whether the same request may succeed later without a change by the caller.
 * `exit` is the exit code of the command line: 1 run failed, 2 authentication or connection, 3 time-out,
 * 4 conflict or not found, 5 invalid configuration or input, 6 refused before the start, 70 internal.
 * `sentence` is public: it names no path, no secret, no internal state.
 */
interface ErrorCodeEntry {
  readonly retryable: boolean
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 70
  readonly sentence: string
}

export const ERROR_CODES = {
  // numbers and shapes
  'shape-mismatch': { retryable: false, exit: 5, sentence: 'A tensor or vector has another shape than expected.' },
  'not-finite': { retryable: false, exit: 5, sentence: 'A number is NaN or infinite.' },
  'rank-too-large': { retryable: false, exit: 5, sentence: 'The adapter rank is larger than the layer it adapts.' },
  'grid-overflow': { retryable: false, exit: 5, sentence: 'A value lies outside the grid of the exact sum.' },
  'not-converged': { retryable: false, exit: 70, sentence: 'A decomposition did not converge.' },
  'invalid-argument': { retryable: false, exit: 70, sentence: 'An argument is outside its range.' },
  // files
  'corrupt-safetensors': { retryable: false, exit: 5, sentence: 'The safetensors file is corrupt or truncated.' },
  'missing-weights': { retryable: false, exit: 5, sentence: 'The model folder holds no weights.' },
  'invalid-model': { retryable: false, exit: 5, sentence: 'The model folder is not valid.' },
  'unknown-architecture': { retryable: false, exit: 5, sentence: 'The model has an architecture that is not known.' },
  'invalid-data': { retryable: false, exit: 5, sentence: 'A line of the data file is not valid.' },
  'empty-data': { retryable: false, exit: 5, sentence: 'The data file has no rows.' },
  'invalid-adapter': { retryable: false, exit: 5, sentence: 'The adapter folder is not valid.' },
  'not-exportable': { retryable: false, exit: 5, sentence: 'The adapter can not be exported in this form.' },
  'file-not-found': { retryable: false, exit: 4, sentence: 'A file does not exist or can not be read.' },
  // devices
  'device-missing': { retryable: false, exit: 6, sentence: 'The device that was asked for does not work here.' },
  'namespaces-missing': { retryable: false, exit: 6, sentence: 'This machine can not make network namespaces.' },
  'untraceable': { retryable: false, exit: 70, sentence: 'A step uses an operation that can not be compiled.' },
  // configuration
  'invalid-config': { retryable: false, exit: 5, sentence: 'The configuration is not valid.' },
  // protocol
  'unauthorized': { retryable: false, exit: 2, sentence: 'The token is not valid.' },
  'unsupported-version': { retryable: false, exit: 2, sentence: 'The protocol version is not supported.' },
  'malformed-frame': { retryable: true, exit: 2, sentence: 'A frame is malformed, truncated or damaged.' },
  'invalid-message': { retryable: false, exit: 2, sentence: 'A message does not follow the protocol.' },
  'client-replaced': { retryable: false, exit: 4, sentence: 'Another worker has taken the place of this client.' },
  'hello-required': { retryable: false, exit: 2, sentence: 'The first message must introduce the worker.' },
  'unknown-blob': { retryable: false, exit: 4, sentence: 'No blob has this hash.' },
  'blob-incomplete': { retryable: true, exit: 4, sentence: 'Parts of the blob have not arrived yet.' },
  'blob-too-large': { retryable: false, exit: 5, sentence: 'The blob is larger than allowed.' },
  'hash-mismatch': { retryable: true, exit: 2, sentence: 'The bytes do not have the hash that names them.' },
  'unknown-method': { retryable: false, exit: 5, sentence: 'The adapter method is not known.' },
  'unknown-initialisation': { retryable: false, exit: 5, sentence: 'The initialisation is not known.' },
  'unknown-aggregator': { retryable: false, exit: 5, sentence: 'The aggregation rule is not known.' },
  'unknown-optimizer': { retryable: false, exit: 5, sentence: 'The local optimizer is not known.' },
  'unknown-server-optimizer': { retryable: false, exit: 5, sentence: 'The server optimizer is not known.' },
  'unknown-subspace': { retryable: false, exit: 5, sentence: 'The subspace is not known.' },
  'schedule-mismatch': {
    retryable: false,
    exit: 6,
    sentence: 'The random directions of the run are made in another way here.',
  },
  'unknown-rank-policy': { retryable: false, exit: 5, sentence: 'The rank policy is not known.' },
  'unknown-codec': { retryable: false, exit: 5, sentence: 'The codec is not known.' },
  'corrupt-optimizer-state': { retryable: false, exit: 5, sentence: 'The stored optimizer state can not be decoded.' },
  'invalid-residual': { retryable: false, exit: 5, sentence: 'What is kept of earlier rounds does not belong here.' },
  'unknown-version': { retryable: false, exit: 5, sentence: 'The step starts from a version that is not here.' },
  'corrupt-update': { retryable: false, exit: 5, sentence: 'The encoded update can not be decoded.' },
  'overloaded': { retryable: true, exit: 3, sentence: 'Too much is being taken in at once.' },
  'unreachable': { retryable: true, exit: 2, sentence: 'The coordinator does not answer.' },
  // runs and rounds
  'unknown-run': { retryable: false, exit: 4, sentence: 'There is no such run.' },
  'unknown-assignment': { retryable: false, exit: 4, sentence: 'There is no such assignment for this client.' },
  'round-over': { retryable: false, exit: 4, sentence: 'The round is over.' },
  'round-closing': { retryable: true, exit: 4, sentence: 'The round is being closed; the next one takes the update.' },
  'duplicate-update': { retryable: false, exit: 4, sentence: 'This update was already received.' },
  'illegal-event': { retryable: false, exit: 4, sentence: 'The run does not allow this in its present phase.' },
  'too-few-clients': { retryable: false, exit: 5, sentence: 'The aggregation rule needs more clients than there are.' },
  'run-not-finished': { retryable: true, exit: 4, sentence: 'The run has not finished yet.' },
  'run-failed': { retryable: false, exit: 1, sentence: 'The run ended without a result.' },
  'log-altered': { retryable: false, exit: 1, sentence: 'The history of the run is not what was written.' },
  'not-verified': { retryable: false, exit: 1, sentence: 'A part of the run could not be recomputed.' },
  'invalid-receipt': { retryable: false, exit: 5, sentence: 'The receipt does not hold.' },
  'cancelled': { retryable: true, exit: 1, sentence: 'The work was cancelled before it was done.' },
  'timeout': { retryable: true, exit: 3, sentence: 'The time allowed for this has passed.' },
  // the service
  'disk-full': { retryable: true, exit: 4, sentence: 'The disk is full.' },
  'database-unreachable': { retryable: true, exit: 2, sentence: 'The database does not answer.' },
  'database-refused': { retryable: false, exit: 2, sentence: 'The database refuses the connection.' },
  'database-newer': { retryable: false, exit: 4, sentence: 'The database was written by a newer Tessera.' },
  'database-failed': { retryable: false, exit: 70, sentence: 'The embedded database does not start.' },
  'data-folder-in-use': { retryable: true, exit: 4, sentence: 'Another coordinator uses this data folder.' },
  'database-in-use': { retryable: true, exit: 4, sentence: 'Another coordinator uses this database.' },
  'superseded': { retryable: false, exit: 4, sentence: 'Another coordinator has taken over the database.' },
  'invalid-backup': { retryable: false, exit: 5, sentence: 'The file is no whole backup.' },
  'conflict': { retryable: false, exit: 4, sentence: 'Something else was stored here in the meantime.' },
  'port-in-use': { retryable: false, exit: 4, sentence: 'The port is already in use.' },
  'unknown-route': { retryable: false, exit: 4, sentence: 'There is nothing at this address.' },
  'internal': { retryable: false, exit: 70, sentence: 'Something went wrong inside Tessera.' },
} as const satisfies Record<string, ErrorCodeEntry>

export type ErrorCode = keyof typeof ERROR_CODES
