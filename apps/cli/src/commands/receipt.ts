import { readFile, writeFile } from 'node:fs/promises'
import { checkReceipt, makeReceipt, type ProvenReceipt, type ReceiptEvidence } from '@tessera/federation'
import { type BlobHash, clientId, FedError, unwrap } from '@tessera/vocabulary'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { hashOf, roundNumber } from '../flags.ts'
import { openArchive } from '../remote-archive.ts'

interface ReceiptOptions {
  readonly worker?: string
  readonly round?: number
  readonly out?: string
  readonly check?: string
  readonly update?: string
  readonly head?: BlobHash
}

const HELP = `
A receipt proves that an update is in a round to whoever knows the head of the run's log, which
\`tessera runs show\` prints: publish it where all clients see it. The check needs no coordinator.

Examples:
  tessera receipt demo-1a2b3c4d --worker ward-3 --round 5 --out ward-3.json
  tessera receipt --check ward-3.json --head 9f86d081…`

export function receiptCommand(program: Command): void {
  program
    .command('receipt')
    .argument('[run]')
    .description("Prove that a worker's update is in a round, or check such a proof.")
    .option('--worker <id>', 'the client whose update it is')
    .option(
      '--round <n>',
      'the round (default: the last that counts an update of it); 0 is the initialisation',
      roundNumber,
    )
    .option('--out <file>', 'write it there (default: standard output)')
    .option('--check <file>', 'check this receipt, offline; --worker and [run] must then fit, too')
    .option('--update <file>', 'with --check: the bytes of the update as they were sent')
    .option('--head <hash>', 'with --check: the head of the log that was published', hashOf)
    .addHelpText('after', HELP)
    .action(async (run: string | undefined, options: ReceiptOptions, command: Command) => {
      if (options.check === undefined) await issue(run, options, command)
      else await check(run, { ...options, check: options.check }, command)
    })
}

async function issue(run: string | undefined, { worker, round, out }: ReceiptOptions, command: Command): Promise<void> {
  if (run === undefined || worker === undefined) {
    throw new FedError('invalid-config', 'a receipt is of a run and a worker', {
      fix: 'Write: tessera receipt RUN --worker ID, or check one with --check FILE.',
    })
  }
  const { terminal, api } = contextOf(command)
  const archive = await openArchive(await api(), run)
  const receipt = await makeReceipt(archive, { client: clientId(worker), round: round ?? null })
  const text = `${JSON.stringify(receipt, null, 2)}\n`
  if (out === undefined) {
    terminal.data(receipt)
    terminal.show(text.trimEnd())
    return
  }
  await writeFile(out, text)
  const { stage, update, after } = receipt
  terminal.data({ file: out, run, worker, stage, update, head: after.head })
  terminal.show(`${out}: the update ${update.hash.slice(0, 12)} of ${worker} in ${describe(stage)}`)
  terminal.show(`log head: ${after.head}`)
}

async function check(
  run: string | undefined,
  { check: file, worker, update, head }: ReceiptOptions & { check: string },
  command: Command,
): Promise<void> {
  const evidence: ReceiptEvidence = {
    ...(head !== undefined && { head }),
    ...(update !== undefined && { update: await read(update) }),
    ...(worker !== undefined && { client: worker }),
    ...(run !== undefined && { run }),
  }
  const proven = unwrap(checkReceipt(new TextDecoder().decode(await read(file)), evidence))
  const { terminal } = contextOf(command)
  const { receipt, round, made, published } = proven
  const { run: of, client, stage, after } = receipt
  terminal.data({
    holds: true,
    run: of,
    client,
    stage,
    round,
    update: receipt.update,
    made,
    head: after.head,
    published,
  })
  for (const line of linesOf(proven)) terminal.show(line)
}

function linesOf({ receipt, arrivedAt, countedAt, made, published }: ProvenReceipt): string[] {
  const { client, run, stage, update, after } = receipt
  const time = (at: number) => new Date(at).toISOString()
  const seen =
    published === null
      ? `to be compared with the published head of the log: ${after.head}`
      : `the published head is that after event ${published.seq} of its log`
  return [
    `the receipt holds: an update of ${client} is in ${describe(stage)} of ${run}`,
    `update ${update.hash}, weight ${update.weight}, arrived ${time(arrivedAt)}, counted ${time(countedAt)}`,
    `${stage.kind === 'train' ? 'coordinates' : 'made'} ${made}`,
    seen,
  ]
}

const describe = ({ kind, index }: { kind: 'probe' | 'train'; index: number }): string =>
  kind === 'probe' ? `pass ${index + 1} of the initialisation` : `round ${index}`

async function read(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new FedError('file-not-found', `the file ${file} can not be read`, { cause })
  })
}
