/**
 * docs/methods.md, made from the lists of adapter methods, initialisations and rank policies and from what their files say
 * first.
 *
 *     npx tsx scripts/methods-page.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type AdapterMethod,
  activeLayout,
  adapterMethods,
  createLayout,
  type Factor,
  initialisations,
  rankPolicies,
  type SiteAdapter,
} from '@tessera/adapters'
import { hasLoraPair } from '@tessera/runs'
import type { Site } from '@tessera/vocabulary'
import { firstParagraphs, type ListedPlugins, optionsTable, pluginSections, table } from './plugin-page.ts'

export const METHODS_PAGE = join(import.meta.dirname, '..', 'docs', 'methods.md')

/** The layer that numbers are quoted for. */
const SITE: Site = { name: 'layer', outDim: 512, inDim: 192 }

/** Layers and rounds in which a schedule of default options shows. */
const LAYERS: readonly Site[] = [0, 1, 2, 3].map((layer) => ({ ...SITE, name: `model.layers.${layer}.mlp.up_proj` }))
const ROUNDS = [1, 2, 3, 4, 5, 6, 7, 8]

const NEEDS: Readonly<Record<AdapterMethod['needs'], string>> = {
  'spectrum': 'an initialisation',
  'spectrum-or-nothing': 'an initialisation, or random numbers',
  'weight': 'the base weights',
  'nothing': 'random numbers or constants',
}

const STARTS = [
  'A run whose specification names none gets that of its method’s paper, or `none` where the method starts from random',
  'numbers or base weights itself. To name one for a method that would ignore it is an error.',
].join('\n')

const startOf = ({ needs, initialisation }: AdapterMethod): string =>
  `${NEEDS[needs]}${initialisation === undefined ? '' : `, \`${initialisation}\` by default`}`

const shape = ({ name, rows, cols }: Factor): string => `${name} [${rows}, ${cols}]`
const trainedOf = ({ factors }: SiteAdapter): string =>
  factors.flatMap((factor) => (factor.train ? [`${shape(factor)}: ${factor.exactness}`] : [])).join('; ')

function frozenOf({ factors }: SiteAdapter): string {
  const frozen = factors.flatMap((factor) =>
    factor.train ? [] : [`${shape(factor)}, ${factor.derive === undefined ? 'sent once' : 'never sent'}`],
  )
  return frozen.join('; ') || 'nothing'
}

const numbersOf = ({ factors }: SiteAdapter): number =>
  factors.reduce((sum, { train, rows, cols }) => sum + (train ? rows * cols : 0), 0)

/** Whether a factor trains in one round and rests in another, with default options. */
function restsByDefault(method: AdapterMethod): boolean {
  const options = method.config.parse({})
  const layout = createLayout(method, options as never, LAYERS)
  const trained = ROUNDS.map((round) => {
    const { segments } = activeLayout(layout, { method, options, seed: 0, round })
    return segments.map(({ site, factor }) => `${site}.${factor}`).join()
  })
  return new Set(trained).size > 1
}

function scheduleOf(method: AdapterMethod): string[] {
  if (method.active === undefined) return []
  if (!restsByDefault(method)) return ['Other options let some of the trained factors rest in a round.']
  return ['Which of the trained factors rest in a round follows from the round and the seed.']
}

function methodSection(method: AdapterMethod, adapter: SiteAdapter, paragraph: string): string {
  const facts = [
    `Trained: ${trainedOf(adapter)}. Frozen: ${frozenOf(adapter)}. Starts from ${startOf(method)}.`,
    ...scheduleOf(method),
  ]
  return [`### ${method.name}`, paragraph, facts.join(' '), optionsTable(method.config)].join('\n\n')
}

const RANK_POLICIES = [
  'How ranks change from round to round, `rankPolicy.name`: the coordinator decides after a round, and the artefact of the',
  'next assignments tells them. Only for methods whose factors are all trained and have a row or a column for each rank:',
  'adalora, and lora from zero. A rank that is dropped does not come back, and costs no bytes any more.',
]

const sectionsOf = (plugins: ListedPlugins['plugins'], list: string): string[] =>
  pluginSections({ plugins, room: 'adapters', list, heading: '###' })

/** The page; the same lists and files give the same text. */
export function methodsPage(): string {
  const methods = adapterMethods.plugins.map((method) => ({
    method,
    adapter: method.site(SITE, method.config.parse({}) as never),
  }))
  const summary = methods.map(({ method, adapter }) => [
    `[${method.name}](#${method.name})`,
    String(numbersOf(adapter)),
    [...new Set(adapter.factors.flatMap((factor) => (factor.train ? [factor.exactness] : [])))].join(', '),
    restsByDefault(method) ? 'by round' : 'always',
    startOf(method),
    hasLoraPair(SITE, adapter) ? 'PEFT LoRA' : 'merged weights',
  ])
  const head = ['method', 'numbers a layer', 'averages', 'trained', 'starts from', 'export']
  const texts = firstParagraphs('adapters', 'methods-list.ts')
  const sections = methods.map(({ method, adapter }) => methodSection(method, adapter, texts.get(method.name) ?? ''))
  const intro = [
    'Made by `npx tsx scripts/methods-page.ts`; a test keeps it fresh. Numbers and shapes are those of a layer',
    `[${SITE.outDim}, ${SITE.inDim}] with default options. \`linear\`: the mean of the trained numbers is the mean of the`,
    'weight changes. `linear-if-frozen(X)`: as long as X does not train in the same round. `product`: it is not, and the',
    'gap is measured in every round. `manifold`: it is not either; the rule projected-mean averages on the manifold.',
    'Trained `always`: in every round; `by round`: some of it rests in a round, and nothing is sent of that.',
    'What the last column means, and what PEFT makes of it: [exports.md](exports.md).',
  ]
  return `${[
    '# Adapter methods and initialisations',
    intro.join('\n'),
    '## Methods',
    table(head, summary),
    ...sections,
    '## Initialisations',
    STARTS,
    ...sectionsOf(initialisations.plugins, 'initialisations-list.ts'),
    '## Rank policies',
    RANK_POLICIES.join('\n'),
    ...sectionsOf(rankPolicies.plugins, 'rank-policies-list.ts'),
  ].join('\n\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(METHODS_PAGE, methodsPage())
