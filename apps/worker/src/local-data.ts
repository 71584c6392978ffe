import { readFile } from 'node:fs/promises'
import type { Tokenizer } from '@tessera/models'
import { type DataSpec, dataSpec, readExamples, type TokenizedExample, tokenizeExamples } from '@tessera/trainer'
import { FedError, unwrap } from '@tessera/vocabulary'

/** A client's own rows. They are read here and stay here. */
export interface LocalData {
  readonly rows: number
  /** The rows as a run wants them. @throws {FedError} `invalid-data`: a row does not fit the run's format. */
  examples(spec: DataSpec, tokenizer: Tokenizer): readonly TokenizedExample[]
}

/**
 * Read and check a JSONL file before anything is promised to a coordinator.
 *
 * @throws {FedError} `file-not-found`, `empty-data`, or `invalid-data` with the number of the first bad line.
 */
export async function readLocalData(path: string): Promise<LocalData> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FedError('file-not-found', `the data file ${path} can not be read`, { cause, fix: 'Check --data.' })
  })
  const rows = unwrap(readExamples(text, dataSpec.parse({ format: formatOf(text) }))).length
  return {
    rows,
    examples: (spec, tokenizer) =>
      tokenizeExamples(unwrap(readExamples(text, spec)), { tokenizer, maxLength: spec.maxLength }),
  }
}

/** Rows with a `label` are classification; what else is wrong with a row is said when all of them are read. */
function formatOf(text: string): DataSpec['format'] {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? ''
  return /"(prompt|messages)"\s*:/.test(first) && !/"label"\s*:/.test(first) ? 'chat' : 'classification'
}
