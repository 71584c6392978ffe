import { passCount, type RunArchive, verifyRun } from '@tessera/federation'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { hashOf } from '../flags.ts'
import { unlessInterrupted } from '../interrupt.ts'
import { localWorkbench } from '../local-workbench.ts'
import { openArchive } from '../remote-archive.ts'
import type { Terminal } from '../terminal.ts'
import { alteredError, type CheckedResult, gapsOf, resultTable, type Verdict } from '../verify-report.ts'

interface VerifyOptions {
  readonly strict: boolean
  readonly model?: string
  readonly head?: BlobHash
}

const HELP = `
recomputed      the round was made again from its updates, and every number and hash is the same
hashes only     persist.updates is keep-hashes: the bytes are gone; log, hashes and coordinator's steps were checked
not recomputed  the factors come from the base model, and that is not here: name its folder with --model

A run that goes on is checked as far as it has come. Exit code 1: something differs (log-altered), or with --strict
something could not be recomputed (not-verified).`

export function verifyCommand(program: Command): void {
  program
    .command('verify')
    .argument('<run>')
    .description('Recompute a run from its log, on this machine, and name the first thing that is not as it was.')
    .option('--strict', 'fail also where something could not be recomputed, or the run has not ended', false)
    .option('--model <dir>', "the run's base model, where factors come from it (default: the coordinator's folder)")
    .option('--head <hash>', 'a head of the log that you know, as of `tessera runs show`: it must be in it', hashOf)
    .addHelpText('after', HELP)
    .action(async (run: string, options: VerifyOptions, command: Command) => {
      const { terminal, api } = contextOf(command)
      const archive = await openArchive(await api(), run)
      const checked = await unlessInterrupted(() => check(archive, options, terminal))
      report(run, checked, { ...options, terminal })
    })
}

interface Checked {
  readonly results: readonly CheckedResult[]
  readonly verdict: Verdict
}

async function check(archive: RunArchive, options: VerifyOptions, terminal: Terminal): Promise<Checked> {
  const { record } = archive
  const { workbench, close } = localWorkbench(record, options.model)
  const bars = terminal.bars()
  const bar = bars.add('verifying rounds', record.spec.rounds.total + Math.max(1, passCount(record)))
  const results: CheckedResult[] = []
  try {
    const means = { workbench, head: options.head ?? null }
    for await (const finding of verifyRun(archive, means)) {
      if (finding.type !== 'result') return { results, verdict: finding }
      bar.set(results.push(finding))
    }
    throw new FedError('internal', 'the check came to no end')
  } finally {
    bars.stop()
    await close()
  }
}

function report(
  run: string,
  { results, verdict }: Checked,
  { strict, terminal }: VerifyOptions & { terminal: Terminal },
): void {
  if (results.length > 0) terminal.show(resultTable(results))
  if (verdict.type === 'difference') throw alteredError(verdict)
  const { seq, head, phase } = verdict
  const gaps = gapsOf(results, verdict)
  if (strict && gaps.length > 0) {
    throw new FedError('not-verified', `nothing differs, and not all was recomputed: ${gaps.join('; ')}`, {
      details: { gaps },
    })
  }
  terminal.data({ run, verified: true, phase, events: seq, head, results, gaps })
  for (const gap of gaps) terminal.show(`note: ${gap}`)
  terminal.show(`verified: ${seq} events lead to what is stored (${phase})`)
  terminal.show(`log head: ${head}`)
}
