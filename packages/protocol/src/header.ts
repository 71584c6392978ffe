import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { Message } from './message.ts'
import { packHeader, unpackHeader } from './packed-header.ts'
import { PROTOCOL_VERSION } from './version.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A message as JSON in UTF-8, deflated. @throws {RangeError} The JSON is longer than 64 KiB. */
export const encodeHeader = (message: Message): Uint8Array => packHeader(encoder.encode(JSON.stringify(message)))

/** The message of a header, checked against `schema`; see `decodeFrame` for the errors. */
export function decodeHeader<M extends Message>(header: Uint8Array, schema: z.ZodType<M>): Result<M, FedError> {
  const unpacked = unpackHeader(header)
  if (!unpacked.ok) return unpacked
  const json = parseJson(unpacked.value)
  if (!json.ok) return json
  const version = versionOf(json.value)
  if (version !== undefined && version !== PROTOCOL_VERSION) return err(unsupported(version))
  const parsed = schema.safeParse(json.value)
  return parsed.success ? ok(parsed.data) : err(invalid(parsed.error))
}

function parseJson(header: Uint8Array): Result<unknown, FedError> {
  try {
    return ok(JSON.parse(decoder.decode(header)))
  } catch (cause) {
    return err(new FedError('invalid-message', 'the header is not JSON in UTF-8', { cause }))
  }
}

/** The version is read before anything else: a newer message may well look wrong to this schema. */
function versionOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('protocol' in value)) return undefined
  return Number.isInteger(value.protocol) ? (value.protocol as number) : undefined
}

function unsupported(version: number): FedError {
  return new FedError('unsupported-version', `protocol version ${version}, this side speaks ${PROTOCOL_VERSION}`, {
    details: { version, supported: PROTOCOL_VERSION },
    fix: 'Use the same release of the worker and of the coordinator.',
  })
}

function invalid({ issues }: z.ZodError): FedError {
  const [first] = issues
  const place = first === undefined || first.path.length === 0 ? 'message' : first.path.join('.')
  const text = `${place}: ${first?.message ?? 'not valid'}`
  return new FedError('invalid-message', issues.length > 1 ? `${text} (and ${issues.length - 1} more)` : text)
}
