import { FedError } from '@tessera/vocabulary'
import { Argument, type Command, Option } from 'commander'
import { type Context, contextOf } from '../context.ts'
import { runDrills } from '../drill/drill-command.ts'
import { type DrillOptions, drillsNamed, NETWORKS } from '../drill/drill-options.ts'
import { DRILLS } from '../drill/drills.ts'
import { TARGETS } from '../drill/target.ts'
import { deviceOption, positiveInteger, secondsOf, seedOf } from '../flags.ts'

interface DrillFlags {
  readonly target?: DrillOptions['target']
  readonly atRound?: number
  readonly times?: number
  readonly seed: number
  readonly duration?: number
  readonly network: DrillOptions['network']
  readonly data?: readonly string[]
  readonly device: string
  readonly databaseUrl?: string
  readonly coordinator?: string
  readonly run?: string
  readonly pid?: readonly number[]
  readonly keep: boolean
}

export function drillCommand(program: Command): void {
  const command = program
    .command('drill')
    .addArgument(new Argument('<name>', 'the drill; see below').choices([...DRILLS.map(({ name }) => name), 'all']))
    .argument(
      '[spec]',
      'a run specification of your own, for --data of your own (default: a small run on bundled data)',
    )
    .description('Disturb a run on purpose, and see whether the same bytes come out.')
    .addOption(new Option('--target <who>', 'whom to disturb; what each drill can is below').choices(TARGETS))
    .option('--at-round <n>', 'when: 0 is the initialisation (default: random rounds)', seedOf)
    .option('--times <n>', 'how often', positiveInteger)
    .option('--seed <n>', 'random moments and victims come from it', seedOf, 1)
    .option('--duration <seconds>', 'how long it lasts each time', secondsOf)
    .addOption(new Option('--network <means>', 'how networks are disturbed').choices(NETWORKS).default('auto'))
    .option('--data <files...>', 'data of your own; one worker for each file')
    .addOption(deviceOption().default('onnx-cpu'))
    .option('--database-url <url>', 'a PostgreSQL server for the throw-away coordinator; its runs stay there')
    .option('--keep', 'keep the folder with state and logs also when all is well', false)
  liveOptions(command)
    .addHelpText('after', HELP)
    .action(async (name: string, specFile: string | undefined, flags: DrillFlags, own: Command) => {
      const context = contextOf(own)
      const report = await runDrills(optionsOf(name, specFile, flags, context), context.terminal)
      context.terminal.data(report)
      if (!report.passed) process.exitCode = 1
    })
}

function liveOptions(command: Command): Command {
  return command
    .optionsGroup('On a deployment that runs already:')
    .option('--coordinator <url>', 'join this coordinator (with --token) instead of a throw-away one')
    .option('--run <run>', 'follow a run that is there, instead of a new one')
    .option('--pid <pids...>', 'kill and pause: these processes on this machine', collectIds)
}

function collectIds(text: string, before: readonly number[] = []): number[] {
  return [...before, positiveInteger(text)]
}

function optionsOf(name: string, specFile: string | undefined, flags: DrillFlags, { config }: Context): DrillOptions {
  const { data, pid, duration, coordinator, ...rest } = flags
  if (coordinator !== undefined && config.token === undefined) {
    throw new FedError('invalid-config', 'a live coordinator asks for its token', { fix: 'Give --token.' })
  }
  return {
    ...rest,
    drills: drillsNamed(name),
    ...(specFile !== undefined && { specFile }),
    dataFiles: data ?? [],
    pids: pid ?? [],
    ...(duration !== undefined && { durationMs: duration }),
    ...(coordinator !== undefined && { live: { url: coordinator, token: config.token ?? '' } }),
  }
}

const HELP = () => `
Drills:
${DRILLS.map(({ name, targets, summary }) => `  ${name.padEnd(10)} ${summary} (${targets.join(', ')})`).join('\n')}
  all        each of them, after one undisturbed run

A drill runs the same specification twice, undisturbed and disturbed, and prints a scorecard: what was done to whom and
when, what was seen, and whether each invariant held. It passes (exit status 0) when none failed, else it is 1.

Without --coordinator it starts a deployment of its own in a temporary folder: a coordinator with its database and one
worker for each data file. Nothing of yours is touched, and all of it is taken away at the end, also after Ctrl-C.

With --coordinator it rehearses on yours: its own workers join it through a proxy and are disturbed there; --pid names
processes of yours on this machine to be killed or paused, which your service manager starts again.

Networks are disturbed by the kernel (ip netns, veth, tc netem: Linux, root) where it can, else by a proxy that knows
WebSocket messages. TCP hides damage, repetition and reordering, so the proxy always makes these.

Examples:
  tessera drill kill --times 5
  tessera drill all --json
  tessera drill partition tessera.yaml --data a.jsonl b.jsonl --duration 10
  tessera drill latency --coordinator http://10.0.0.5:8080 --token … --data a.jsonl b.jsonl
  tessera drill kill --coordinator http://127.0.0.1:8080 --token … --run RUN --pid 4711`
