import { readFile } from 'node:fs/promises'
import { layoutOf } from '@tessera/adapters'
import { openExecutor } from '@tessera/compiler'
import { createEvaluator, type EvaluationResult, type FrozenAdapter } from '@tessera/runs'
import { dataSpec, readExamples } from '@tessera/trainer'
import { FedError, unwrap } from '@tessera/vocabulary'
import type { Command } from 'commander'
import { readAdapter, readBaseModel } from '../base-model-folder.ts'
import { contextOf } from '../context.ts'
import { deviceOption, positiveInteger } from '../flags.ts'
import { percent, type Terminal } from '../terminal.ts'

export interface EvalOptions {
  readonly model: string
  readonly adapter?: string
  readonly data: string
  readonly format: 'classification' | 'chat'
  readonly template?: string
  readonly maxLength?: number
  readonly device: string
  readonly threads?: number
}

export function evalCommand(program: Command): void {
  program
    .command('eval')
    .description('Loss and accuracy of a base model, with or without an adapter, on any file.')
    .requiredOption('--model <dir>', 'folder of the base model')
    .option('--adapter <dir>', 'folder that `tessera export` wrote, in either format, or PEFT')
    .requiredOption('--data <file>', 'JSONL, as for `tessera join`')
    .option('--format <format>', 'classification or chat', 'classification')
    .option('--template <text>', 'classification: the prompt, with {text} and ending with {label}')
    .option('--max-length <n>', 'longest sequence in tokens', positiveInteger)
    .addOption(deviceOption())
    .option('--threads <n>', 'threads to compute with (default: all cores)', positiveInteger)
    .action(async (options: EvalOptions, command: Command) => {
      const { terminal } = contextOf(command)
      const result = await evaluateFiles(options, terminal)
      terminal.data(result)
      terminal.show(`${result.rows} rows: loss ${result.loss.toFixed(4)}, accuracy ${percent(result.accuracy)}`)
    })
}

/** Measure a model folder with an adapter folder on a data file. */
export async function evaluateFiles(options: EvalOptions, terminal: Terminal): Promise<EvaluationResult> {
  const data = parseDataSpec(options)
  const examples = unwrap(readExamples(await readData(options.data), data))
  const model = await readBaseModel(options.model)
  const none: FrozenAdapter = { layout: layoutOf([]), frozen: {} }
  const adapter = options.adapter === undefined ? none : await readAdapter(options.adapter, model)
  const { executor } = await openExecutor(
    options.device,
    options.threads === undefined ? {} : { threads: options.threads },
  )
  const bars = terminal.bars()
  const bar = bars.add('evaluating', examples.length)
  try {
    const evaluator = createEvaluator({ executor, model, ...adapter }, examples, data)
    const result = await evaluator.evaluate(new Float32Array(0), { onProgress: ({ rows }) => bar.set(rows) })
    await evaluator.dispose()
    return result
  } finally {
    bars.stop()
    await executor.dispose()
  }
}

function parseDataSpec({ format, template, maxLength }: EvalOptions) {
  const input = { format, ...(template !== undefined && { template }), ...(maxLength !== undefined && { maxLength }) }
  const parsed = dataSpec.safeParse(input)
  if (parsed.success) return parsed.data
  throw new FedError(
    'invalid-config',
    parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
  )
}

async function readData(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FedError('file-not-found', `the data file ${file} can not be read`, { cause, fix: 'Check --data.' })
  })
}
