import { RUN_PHASES, type RunPhase } from '@tessera/federation'
import type { RunView } from '@tessera/protocol'
import { type Command, Option } from 'commander'
import { confirm } from '../confirm.ts'
import { contextOf } from '../context.ts'
import { positiveInteger } from '../flags.ts'
import { bytes, percent, table } from '../terminal.ts'
import { lastMetric, watchRun } from '../watch-run.ts'

interface ListOptions {
  readonly status?: RunPhase
  readonly limit?: number
}

export function runsCommand(program: Command): void {
  const runs = program.command('runs').description('See and steer the runs of the coordinator.')
  runs
    .command('ls')
    .description('All runs, newest first.')
    .addOption(new Option('--status <phase>', 'only those in this phase').choices(RUN_PHASES))
    .option('--limit <n>', 'no more than so many', positiveInteger)
    .action(async ({ status, limit }: ListOptions, command: Command) => {
      const { terminal, api } = contextOf(command)
      const all = await (await api()).runs()
      const listed = all.filter(({ phase }) => status === undefined || phase === status).slice(0, limit)
      terminal.data(listed)
      if (all.length === 0) terminal.show('No runs yet: start one with `tessera run`.')
      else terminal.show(listed.length === 0 ? `No run is ${status}.` : table(HEAD, listed.map(rowOf)))
    })
  runs
    .command('show')
    .argument('<run>')
    .description('One run with its rounds.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { terminal, api } = contextOf(command)
      const client = await api()
      const [run, rounds] = [await client.run(id), await client.rounds(id)]
      terminal.data({ ...run, roundViews: rounds })
      terminal.show(table(HEAD, [rowOf(run)]))
      if (run.message !== null) terminal.show(run.message)
      if (run.waiting !== null) terminal.show(run.waiting)
      terminal.show(table(ROUND_HEAD, rounds.map(roundRow)))
      const gap = lastMetric(run, 'aggregation-gap')
      if (gap !== null) terminal.show(averaging(gap))
      terminal.show(`log head: ${run.logHead}`)
    })
  runs
    .command('watch')
    .argument('<run>')
    .description('Follow a run to its end.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { terminal, api } = contextOf(command)
      terminal.data(await watchRun(await api(), id, terminal))
    })
  for (const action of ['pause', 'resume', 'abort'] as const) {
    runs
      .command(action)
      .argument('<run>')
      .description(DESCRIPTIONS[action])
      .action(async (id: string, _options: unknown, command: Command) => {
        const { terminal, api } = contextOf(command)
        const client = await api()
        await client.steer(id, action)
        const run = await client.run(id)
        terminal.data(run)
        terminal.show(`${id} is ${run.phase}`)
      })
  }
  rmCommand(runs)
}

function rmCommand(runs: Command): void {
  runs
    .command('rm')
    .argument('<run>')
    .description('Remove a run with its history, its updates and its adapter.')
    .option('--force', 'also a run that has not ended; its workers are called off', false)
    .action(async (id: string, { force }: { force: boolean }, command: Command) => {
      const { terminal, api, yes } = contextOf(command)
      const client = await api()
      const { name, phase, round, rounds } = await client.run(id)
      if (!yes) await confirm(`Remove ${id} (${name}, ${phase}, round ${round} of ${rounds}) for good?`)
      await client.remove(id, { force })
      terminal.data({ removed: id })
      terminal.show(`${id} is removed`)
    })
}

const DESCRIPTIONS = {
  pause: 'Let nothing new begin; what is under way is kept.',
  resume: 'Go on where a run was paused.',
  abort: 'End a run for good.',
} as const

const averaging = (gap: number): string =>
  gap === 0
    ? 'averaging: exact, the mean of what was sent is the mean of the weight changes'
    : `averaging: not exact, the last round’s weight change is off the mean by ${percent(gap)} of its norm`

const HEAD = ['run', 'phase', 'round', 'method', 'rank', 'clients', 'accuracy']

function rowOf(run: RunView): string[] {
  const accuracy = percent(lastMetric(run, 'eval-accuracy'))
  return [
    run.id,
    run.phase,
    `${run.round}/${run.rounds}`,
    run.method,
    `${run.rank ?? '–'}`,
    `${run.clients.length}`,
    accuracy,
  ]
}

const ROUND_HEAD = ['round', 'updates', 'up', 'down', 'floor', 'update norm', 'coordinates']

function roundRow(
  round: Awaited<ReturnType<Awaited<ReturnType<ReturnType<typeof contextOf>['api']>>['rounds']>>[number],
): string[] {
  const delivered = round.cohort.filter(({ status }) => status === 'delivered').length
  return [
    round.kind === 'probe' ? `pass ${round.pass + 1}` : `${round.round}`,
    `${delivered}/${round.cohort.length}`,
    bytes(round.uploadBytes),
    bytes(round.downloadBytes),
    bytes(round.uploadFloorBytes),
    round.updateNorm === null ? '–' : round.updateNorm.toFixed(4),
    round.coordinatesHash?.slice(0, 12) ?? '–',
  ]
}
