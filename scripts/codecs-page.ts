/**
 * docs/codecs.md, made from the list of codecs, from what their files say first, and from what they write.
 *
 *     npx tsx scripts/codecs-page.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Codec, codecContext, codecs } from '@tessera/codecs'
import { createRandomStream } from '@tessera/math'
import { pluginSections, table } from './plugin-page.ts'

export const CODECS_PAGE = join(import.meta.dirname, '..', 'docs', 'codecs.md')

/** The update that sizes are measured with. */
const COORDINATES = 10_000
const PLACE = { seed: 7, round: 1, client: 1 }

function bellUpdate(): Float32Array {
  const random = createRandomStream({ seed: 7, purpose: 'codecs-page', round: 0, client: 0, block: 0 })
  return Float32Array.from({ length: COORDINATES }, () => random.bell())
}

/** Bits a coordinate, as written, over what this form takes at least. */
function sizeOf(codec: Codec, update: Float32Array): string {
  const config = codec.config.parse({}) as never
  const bits = 8 * codec.encode(update, config, codecContext(PLACE)).length
  return `${(bits / COORDINATES).toFixed(3)} | ${(codec.floorBits(COORDINATES, config) / COORDINATES).toFixed(3)}`
}

function promiseOf({ config, properties, errorBound }: Codec): string {
  const preset = config.parse({}) as never
  const bound = errorBound(1, preset)
  return [
    ...(bound === 0 ? ['nothing is lost'] : [`error ≤ ${Number(bound.toPrecision(3))}`]),
    ...properties(preset),
  ].join(', ')
}

/** The page; the same list and files give the same text. */
export function codecsPage(): string {
  const update = bellUpdate()
  const rows = codecs.plugins.map((codec) => [
    `[${codec.name}](#${codec.name})`,
    ...sizeOf(codec, update).split(' | '),
    promiseOf(codec),
  ])
  const sections = pluginSections({ plugins: codecs.plugins, room: 'codecs', list: 'codecs-list.ts', heading: '##' })
  const intro = [
    'Made by `npx tsx scripts/codecs-page.ts`; a test keeps it fresh. Bits are those of an update of 10,000 coordinates',
    'from a bell, with default options: as written, and the least that its form can take. The error is that of a',
    'coordinate, for an update whose largest magnitude is 1. `unbiased`: the update on average. `contractive`: nearer to',
    'the update than zero is, so that error feedback converges. `error-feedback`: what is left out is added to the next',
    'update. `idempotent`: writing what was read gives the same bytes. How fast each is: `benchmarks/codecs`.',
  ]
  return `${['# Codecs', intro.join('\n'), table(['codec', 'bits a coordinate', 'at least', 'promises'], rows), ...sections].join('\n\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(CODECS_PAGE, codecsPage())
