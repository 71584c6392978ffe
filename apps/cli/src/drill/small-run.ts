import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { BUNDLED } from '../bundled.ts'

const CLIENTS = 3
const ROWS_EACH = 24

/** A run of a few seconds on the model that every coordinator brings along, wherever it is; every client is needed in every round. */
export function smallRun(clients: number): RunSpec {
  return unwrap(
    parseRunSpec({
      name: 'drill',
      seed: 7,
      targets: ['q_proj'],
      data: { format: 'classification', maxLength: 64 },
      adapter: { method: 'lora-sb', rank: 4, initialStep: 0 },
      initialisation: { name: 'federated-sketch', batches: 2 },
      train: { localSteps: 6, batchSize: 4 },
      rounds: {
        total: 4,
        cohort: { size: clients, quorum: clients },
        deadline: { softMs: 15_000, hardMs: 15_000 },
        attempts: 10,
      },
    }),
  )
}

/** A part of the bundled data for each client. */
export async function writeSmallData(folder: string): Promise<string[]> {
  const rows = (await readFile(BUNDLED.train, 'utf8')).split('\n')
  const files = Array.from({ length: CLIENTS }, (_, index) => join(folder, `rows-${index + 1}.jsonl`))
  for (const [index, file] of files.entries()) {
    await writeFile(file, rows.slice(index * ROWS_EACH, (index + 1) * ROWS_EACH).join('\n'))
  }
  return files
}
