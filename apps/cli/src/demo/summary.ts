import colors from 'picocolors'
import { bytes, percent, table } from '../terminal.ts'
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

export function summaryTable(result: DemoResult): string {
  const floor = `floor ${bytes(result.floorBytesPerClientRound)}`
  const rows: string[][] = [
    ['accuracy', percent(result.accuracyBefore), colors.bold(percent(result.accuracyAfter))],
    ['loss (nats a token)', result.lossBefore.toFixed(3), result.lossAfter.toFixed(3)],
  ]
  const costs: string[][] = [
    ['test rows, which no client has', `${result.testRows}`],
    ['rounds × steps, clients', `${result.rounds} × ${result.stepsPerClient / result.rounds}, ${result.clients}`],
    ['up, a client and round', `${bytes(result.uploadBytesPerClientRound)} (${floor})`],
    ['updates, against plain float32', `${result.uploadSaving.toFixed(1)} times less`],
    ['down, the factors of round 1 included', bytes(result.downloadBytesPerClientRound)],
    [
      'export, max |ΔW − B·A|',
      `${result.exportMaxDifference.toExponential(1)} (relative ${result.exportRelativeDifference.toExponential(1)})`,
    ],
    ['first round committed after', `${result.firstRoundSeconds.toFixed(1)} s`],
    ['all of it', `${result.seconds.toFixed(1)} s`],
    ['adapter', result.adapterDir],
    ['sha-256', result.adapterHash],
  ]
  if (result.accuracyCentral !== undefined)
    costs.unshift(['trained centrally, same steps', percent(result.accuracyCentral)])
  if (result.accuracyBestAlone !== undefined)
    costs.splice(1, 0, ['best client alone, same steps', percent(result.accuracyBestAlone)])
  return `${table(['', 'before', 'after'], rows)}\n${table(['what', 'measured'], costs)}`
}
