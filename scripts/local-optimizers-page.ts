/**
 * docs/local-optimizers.md, made from the list of local optimizers, from what their files say first, and from how far they
 * can move a coordinate.
 *
 *     npx tsx scripts/local-optimizers-page.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LocalOptimizer, localOptimizers } from '@tessera/trainer'
import { pluginSections, table } from './plugin-page.ts'

export const LOCAL_OPTIMIZERS_PAGE = join(import.meta.dirname, '..', 'docs', 'local-optimizers.md')

/** The round that bounds are quoted for: LoRA of rank 16 at a layer [512, 192]. */
const ROUND: Parameters<LocalOptimizer['largestUpdate']>[1] = {
  factors: Array<number>(20).fill(1),
  largestCoordinate: 1,
  matrices: [
    { factor: 'B', offset: 0, rows: 512, cols: 16 },
    { factor: 'A', offset: 512 * 16, rows: 16, cols: 192 },
  ],
}

const boundOf = ({ config, largestUpdate }: LocalOptimizer): string =>
  String(Number(largestUpdate(config.parse({}) as never, ROUND).toPrecision(3)))

/** The page; the same list and files give the same text. */
export function localOptimizersPage(): string {
  const rows = localOptimizers.plugins.map((optimizer) => [
    `[${optimizer.name}](#${optimizer.name})`,
    boundOf(optimizer),
  ])
  const sections = pluginSections({
    plugins: localOptimizers.plugins,
    room: 'trainer',
    list: 'local-optimizers-list.ts',
    heading: '##',
  })
  const intro = [
    'Made by `npx tsx scripts/local-optimizers-page.ts`; a test keeps it fresh. How a client turns gradients into steps is',
    'named by `train.optimizer`, for instance `{ name: adamw, learningRate: 0.01 }`. Its state starts empty in every round',
    'and never leaves the client. The bound is how far a round can move a coordinate, whatever the data are: the grid of the',
    'exact sum is chosen by it. Here it is that of 20 steps at the full learning rate with default options, for B [512, 16]',
    'and A [16, 192] whose largest coordinate is 1.',
  ]
  return `${['# Local optimizers', intro.join('\n'), table(['optimizer', 'bound of a round'], rows), ...sections].join('\n\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(LOCAL_OPTIMIZERS_PAGE, localOptimizersPage())
}
