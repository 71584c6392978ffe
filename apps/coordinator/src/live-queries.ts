import type { CohortMember, RoundView, WorkerView } from '@tessera/protocol'
import type { RunQueries } from './run-queries.ts'
import { type WorkerRoster, workerView } from './socket/worker-roster.ts'

/** The database's views with what only the connections know: who is here, and how far its work is. */
export function withLiveProgress(queries: RunQueries, roster: WorkerRoster): RunQueries {
  const liveWorker = (worker: WorkerView): WorkerView => {
    const presence = roster.get(worker.clientId)
    return presence === undefined ? { ...worker, connected: false } : workerView(presence, true)
  }
  const liveMember = (member: CohortMember): CohortMember => {
    const work = roster.get(member.clientId)?.work
    if (work?.assignmentId !== member.assignmentId) return member
    return { ...member, status: 'training', step: work.step, steps: work.steps, loss: work.loss }
  }
  const liveRound = (round: RoundView): RoundView =>
    round.committedAt === null ? { ...round, cohort: round.cohort.map(liveMember) } : round
  return {
    ...queries,
    run: async (id) => {
      const run = await queries.run(id)
      if (run === null) return null
      const connected = (clientId: (typeof run.clients)[number]['clientId']) => roster.get(clientId) !== undefined
      return { ...run, clients: run.clients.map((client) => ({ ...client, connected: connected(client.clientId) })) }
    },
    rounds: async (id, last) => (await queries.rounds(id, last)).map(liveRound),
    workers: async () => (await queries.workers()).map(liveWorker),
  }
}
