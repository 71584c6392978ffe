import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClientId, clientId, FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { parseJson } from './parse-json.ts'
import { writeWhole } from './whole-file.ts'

/** Who a worker is to its coordinator: kept in its state folder, so that it comes back as the same client. */
export interface Identity {
  readonly clientId: ClientId
  readonly secret: string
}

const identityFile = z.strictObject({
  clientId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  secret: z.string().min(16),
})

/**
 * The identity in the folder, made on first use. `name` chooses the client's id; without it a random one is drawn.
 *
 * @throws {FedError} `invalid-config` when the folder holds another client, or its identity file is damaged.
 */
export async function loadIdentity(folder: string, name?: string): Promise<Identity> {
  const path = join(folder, 'identity.json')
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new FedError('file-not-found', `the worker's identity file can not be read: ${path}`, { cause })
  })
  if (text === null) return createIdentity(folder, path, name)
  const parsed = identityFile.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new FedError('invalid-config', `the worker's identity file is damaged: ${path}`, {
      fix: 'Restore it, or remove it to join as a new client.',
    })
  }
  if (name !== undefined && parsed.data.clientId !== name) {
    throw new FedError('invalid-config', `this folder belongs to the client ${parsed.data.clientId}, not ${name}`, {
      fix: 'Leave --name out, or give each client a --state-dir of its own.',
    })
  }
  return { clientId: clientId(parsed.data.clientId), secret: parsed.data.secret }
}

async function createIdentity(folder: string, path: string, name: string | undefined): Promise<Identity> {
  const id = name ?? `client-${randomBytes(4).toString('hex')}`
  if (!identityFile.shape.clientId.safeParse(id).success) {
    throw new FedError('invalid-config', `"${id}" can not be a client's name`, {
      fix: 'Use 1 to 64 letters, digits, dots, dashes and underscores.',
    })
  }
  const identity = { clientId: clientId(id), secret: randomBytes(24).toString('base64url') }
  await mkdir(folder, { recursive: true })
  await writeWhole(path, `${JSON.stringify(identity, null, 2)}\n`)
  return identity
}
