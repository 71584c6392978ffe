import type { Prisma } from '@prisma/client'
import type { StoredMetric } from '@tessera/federation'
import { toText } from './stored-values.ts'

/** Measuring the same thing again replaces the number. */
export async function writeMetrics(
  tx: Prisma.TransactionClient,
  runId: string,
  metrics: readonly StoredMetric[],
): Promise<void> {
  if (metrics.length === 0) return
  const rows = metrics.map((metric) => ({
    runId,
    round: metric.round,
    name: toText(metric.name),
    clientId: metric.clientId ?? '',
    value: metric.value,
    at: new Date(metric.at),
  }))
  await tx.metric.deleteMany({
    where: { OR: rows.map(({ round, name, clientId }) => ({ runId, round, name, clientId })) },
  })
  await tx.metric.createMany({ data: rows })
}
