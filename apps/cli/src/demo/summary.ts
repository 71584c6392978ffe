import colors from 'picocolors'
import { bytes, percent, table } from '../terminal.ts'
import type { DemoResult } from './demo-result.ts'

/** The result for people. */
export function summaryTable(result: DemoResult): string {
  const rows: string[][] = [
    ['accuracy', percent(result.accuracyBefore), colors.bold(percent(result.accuracyAfter))],
    ['loss (nats a token)', result.lossBefore.toFixed(3), result.lossAfter.toFixed(3)],
  ]
  const costs: string[][] = [
    ['test rows, which no client has', `${result.testRows}`],
    ['rounds × steps, clients', `${result.rounds} × ${result.stepsPerClient / result.rounds}, ${result.clients}`],
    ['up, a client and round', bytes(result.uploadBytesPerClientRound)],
    ['  as plain float32, 4·r²·sites', bytes(result.payloadFloorBytes)],
    ['  the least that its codec could send', bytes(result.floorBytesPerClientRound)],
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
