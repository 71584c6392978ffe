import { Prisma, type PrismaClient } from '@prisma/client'
import { type ClientSums, NOTHING_YET } from './run-view.ts'

/** The measurement that a worker reports with its update. */
export const LOSS = 'train-loss'

/** For each of these runs, what its clients did and cost so far. */
export async function clientSums(
  client: PrismaClient,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, ClientSums>>> {
  if (runIds.length === 0) return new Map()
  const [traffic, rounds, losses] = await Promise.all([
    client.ledgerLine.groupBy({
      by: ['runId', 'clientId'],
      where: { runId: { in: [...runIds] } },
      _sum: { uploadBytes: true, downloadBytes: true },
    }),
    client.assignment.groupBy({
      by: ['runId', 'clientId'],
      where: { runId: { in: [...runIds] }, kind: 'train', status: 'received', round: { committedAt: { not: null } } },
      _count: true,
    }),
    lastLosses(client, runIds),
  ])
  const sums = new Map<string, Map<string, ClientSums>>(runIds.map((id) => [id, new Map()]))
  const put = ({ runId, clientId }: { runId: string; clientId: string }, part: Partial<ClientSums>): void => {
    const ofRun = sums.get(runId)
    ofRun?.set(clientId, { ...(ofRun.get(clientId) ?? NOTHING_YET), ...part })
  }
  for (const { _sum, ...of } of traffic) {
    put(of, { uploadBytes: Number(_sum.uploadBytes), downloadBytes: Number(_sum.downloadBytes) })
  }
  for (const { _count, ...of } of rounds) put(of, { rounds: _count })
  for (const { value, ...of } of losses) put(of, { lastLoss: value })
  return sums
}

/** The newest of a client's losses; the index on (run, client, name) finds them. */
function lastLosses(
  client: PrismaClient,
  runIds: readonly string[],
): Promise<{ runId: string; clientId: string; value: number }[]> {
  return client.$queryRaw`
    SELECT DISTINCT ON ("runId", "clientId") "runId", "clientId", "value" FROM "Metric"
    WHERE "runId" IN (${Prisma.join([...runIds])}) AND "name" = ${LOSS} AND "clientId" <> ''
    ORDER BY "runId", "clientId", "round" DESC, "at" DESC`
}
