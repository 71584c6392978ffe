import type { RoundView } from '@tessera/protocol'
import type { EvaluationResult, RunSpec } from '@tessera/runs'
import type { ExportedAdapter } from '../export-run.ts'
import type { Baselines } from './baselines.ts'

/** What `npm run demo -- --json` prints. */
export interface DemoResult extends Partial<Baselines> {
  readonly accuracyBefore: number
  readonly accuracyAfter: number
  readonly lossBefore: number
  readonly lossAfter: number
  readonly testRows: number
  readonly rounds: number
  readonly clients: number
  readonly stepsPerClient: number
  /** All that a client's connection carried in a round, as the ledger has it; the mean over rounds and clients. */
  readonly uploadBytesPerClientRound: number
  readonly downloadBytesPerClientRound: number
  /** The update of one client and round as plain float32: 4·r²·sites with Fed-SB. */
  readonly payloadFloorBytes: number
  /** The least that an update could take, as its codec says. */
  readonly floorBytesPerClientRound: number
  /** What the updates of all rounds would take as plain float32, over what they took. */
  readonly uploadSaving: number
  readonly exportMaxDifference: number
  readonly exportRelativeDifference: number
  readonly adapterDir: string
  readonly adapterHash: string
  readonly dashboard: string
  readonly firstRoundSeconds: number
  readonly seconds: number
  readonly seed: number
}

/** What the parts of a demo measured. */
export interface DemoMeasurements {
  readonly spec: RunSpec
  readonly dashboard: string
  readonly before: EvaluationResult
  readonly after: EvaluationResult
  /** All rounds and passes, as the coordinator tells them. */
  readonly rounds: readonly RoundView[]
  readonly exported: ExportedAdapter
  readonly baselines: Baselines | null
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
}

export function demoResult({
  spec,
  dashboard,
  before,
  after,
  rounds,
  exported,
  ...measured
}: DemoMeasurements): DemoResult {
  const trained = rounds.filter(({ kind }) => kind === 'train')
  const { baselines, startedAt, endedAt } = measured
  return {
    accuracyBefore: before.accuracy ?? Number.NaN,
    accuracyAfter: after.accuracy ?? Number.NaN,
    lossBefore: before.loss,
    lossAfter: after.loss,
    testRows: after.rows,
    rounds: trained.length,
    clients: spec.rounds.cohort.size,
    stepsPerClient: spec.train.localSteps * spec.rounds.total,
    ...bytesOf(trained),
    exportMaxDifference: exported.exactness?.maxDifference ?? Number.NaN,
    exportRelativeDifference: exported.exactness?.relative ?? Number.NaN,
    adapterDir: exported.adapterDir,
    adapterHash: exported.adapterHash,
    firstRoundSeconds: ((trained[0]?.committedAt ?? Number.NaN) - startedAt) / 1000,
    seconds: (endedAt - startedAt) / 1000,
    ...baselines,
    dashboard,
    seed: spec.seed,
  }
}

/** What the rounds cost, as the coordinator measured it. */
function bytesOf(rounds: readonly RoundView[]) {
  const members = rounds.flatMap(({ cohort }) => cohort)
  const delivered = members.filter(({ status }) => status === 'delivered')
  const plainBytes = total(rounds.map((round) => round.plainBytes))
  return {
    uploadBytesPerClientRound: mean(members.map(({ uploadBytes }) => uploadBytes)),
    downloadBytesPerClientRound: mean(members.map(({ downloadBytes }) => downloadBytes)),
    payloadFloorBytes: Math.round(plainBytes / delivered.length),
    floorBytesPerClientRound: mean(members.map(({ floorBytes }) => floorBytes)),
    uploadSaving: plainBytes / total(rounds.map(({ updateBytes }) => updateBytes)),
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const mean = (values: readonly number[]): number => Math.round(total(values) / values.length)
