import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { openExecutor } from '@tessera/compiler'
import { FedError } from '@tessera/vocabulary'
import { loadIdentity, readLocalData, startWorker } from '@tessera/worker'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { deviceOption, positiveInteger } from '../flags.ts'
import { untilInterrupted } from '../interrupt.ts'
import { workerReporter } from '../worker-reporter.ts'

interface JoinOptions {
  readonly data: string
  readonly name?: string
  readonly device: string
  readonly threads?: number
  readonly rank?: number
  readonly forwardOnly?: boolean
  readonly stateDir?: string
}

export function joinCommand(program: Command): void {
  program
    .command('join')
    .argument('<url>', 'the coordinator')
    .description('Train for one client: its data stays in its file, only updates are sent.')
    .requiredOption('--data <file>', 'JSONL of {text, label}, {prompt, completion} or {messages}')
    .option('--name <id>', "the client's id (default: a random one, kept)")
    .addOption(deviceOption())
    .option('--threads <n>', 'threads to compute with (default: all cores)', positiveInteger)
    .option('--rank <n>', 'the most that this machine trains of a square or low-rank adapter', positiveInteger)
    .option('--forward-only', 'compute losses and no gradients, for runs in a subspace that needs no others')
    .option('--state-dir <dir>', "the client's identity and unsent results (default: by coordinator and file)")
    .addHelpText('after', '\nExample:\n  tessera join http://10.0.0.5:8080 --token … --data ours.jsonl')
    .action(async (url: string, options: JoinOptions, command: Command) => {
      const { config, terminal } = contextOf(command)
      const coordinator = urlOf(url)
      const data = await readLocalData(options.data)
      const folder = options.stateDir ?? defaultFolder(config.dataFolder, url, options)
      const identity = await loadIdentity(folder, options.name)
      const threads = options.threads === undefined ? {} : { threads: options.threads }
      const { executor, reason } = await openExecutor(options.device, threads)
      terminal.say(`${data.rows} rows stay here; computing on ${executor.description} (${reason})`)
      const reporter = workerReporter(terminal)
      const worker = startWorker({
        url: coordinator,
        token: config.token ?? '',
        identity,
        data,
        executor,
        largestRank: options.rank,
        forwardOnly: options.forwardOnly,
        cacheFolder: join(config.dataFolder, 'blobs'),
        stateFolder: folder,
        software: 'tessera 0.1.0',
        report: reporter.report,
      })
      let failure: FedError | null = null
      const ended = worker.ended.then((error) => {
        failure = error
      })
      await untilInterrupted(() => worker.stop(), ended)
      reporter.stop()
      await executor.dispose()
      if (failure !== null) throw failure
    })
}

function urlOf(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new FedError('invalid-config', `"${text}" is not the address of a coordinator`, {
    fix: 'Give it as http://host:port, as `tessera up` prints it.',
  })
}

/** Two workers on one machine are two clients unless they have the same coordinator and the same file. */
function defaultFolder(dataFolder: string, url: string, { data, name }: JoinOptions): string {
  const key = createHash('sha256')
    .update(`${url} ${name ?? resolve(data)}`)
    .digest('hex')
    .slice(0, 16)
  return join(dataFolder, 'clients', key)
}
