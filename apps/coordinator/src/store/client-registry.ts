import { createHash, timingSafeEqual } from 'node:crypto'
import type { PrismaClient } from '@prisma/client'
import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { AdmittedClient } from '../socket/gateway-store.ts'
import { toText } from './stored-values.ts'

/**
 * Remember a client, or know it again. Errors: 'unauthorized' when its secret is not the one it first came with.
 *
 * @param at When, milliseconds since 1970.
 */
export async function admitClient(
  client: PrismaClient,
  { clientId: id, secret, device, software, examples }: AdmittedClient,
  at: number,
): Promise<Result<void, FedError>> {
  const secretHash = createHash('sha256').update(secret).digest('hex')
  const lastSeenAt = new Date(at)
  const fields = { device: toText(device), software: toText(software), examples, lastSeenAt }
  const created = await client.client.createMany({
    data: { id, secretHash, ...fields, firstSeenAt: lastSeenAt },
    skipDuplicates: true,
  })
  if (created.count === 1) return ok(undefined)
  const known = await client.client.findUniqueOrThrow({ where: { id }, select: { secretHash: true } })
  if (!timingSafeEqual(Buffer.from(known.secretHash), Buffer.from(secretHash))) {
    return err(
      new FedError('unauthorized', `the client ${id} first came with another secret`, {
        fix: 'Start the worker with the data folder it first used, or give it a name of its own.',
      }),
    )
  }
  await client.client.update({ where: { id }, data: fields })
  return ok(undefined)
}
