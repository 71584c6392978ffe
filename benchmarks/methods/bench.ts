/**
 * Every adapter method on the bundled data: accuracy, bytes, time, memory and aggregation gap. See the README.
 *
 *     npx tsx benchmarks/methods/bench.ts --page fed-sb --clients 3,10,30 --save
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bundledModel } from '../federation/bundled.ts'
import { caseKey } from '../federation/case-key.ts'
import { measureApart } from '../federation/case-process.ts'
import { machine } from '../federation/machine.ts'
import { openResults } from '../federation/results-file.ts'
import {
  type BenchCase,
  bestRate,
  bestRows,
  keyOf,
  knownRow,
  type Measures,
  type PlannedCase,
  type Row,
  rowOf,
  samePlan,
} from './bench-case.ts'
import { clientsPlot } from './clients-plot.ts'
import { casesOf, PAGES, type Page, type PlanOptions } from './plan.ts'
import { accuracyPlot } from './plot.ts'
import { rowsTable } from './rows-table.ts'

const { values: flags } = parseArgs({
  options: {
    page: { type: 'string' },
    only: { type: 'string' },
    aggregator: { type: 'string' },
    initialisation: { type: 'string' },
    option: { type: 'string', multiple: true, default: [] },
    clients: { type: 'string' },
    rates: { type: 'string', default: '0.002,0.01' },
    setting: { type: 'string' },
    rounds: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    times: { type: 'boolean', default: false },
  },
})

const TITLES: Readonly<Record<Page, string>> = {
  'fed-sb': 'Fed-SB and what its paper compares it with',
  'methods': 'All adapter methods',
}

/** Few steps, for thirty clients take theirs one after the other; the quick plan only shows that everything works. */
const PLANS: Readonly<Record<Page, { clients: string; rounds: number; steps: number }>> = {
  'fed-sb': { clients: '3,10,30', rounds: 6, steps: 10 },
  'methods': { clients: '3', rounds: 3, steps: 12 },
}
const QUICK = { clients: '3', rounds: 2, steps: 3 }
const numbers = (list: string): number[] => list.split(',').map(Number)

/** The method's own options that `--option NAME=NUMBER` sets. */
function adapterOptions(): Record<string, number> {
  return Object.fromEntries(
    flags.option.map((text) => {
      const [name = '', value] = text.split('=')
      return [name, Number(value)]
    }),
  )
}

function optionsOf(page: Page): PlanOptions {
  const { only, aggregator, initialisation, setting } = flags
  const plan = flags.quick ? QUICK : PLANS[page]
  return {
    adapterOptions: adapterOptions(),
    clients: numbers(flags.clients ?? plan.clients),
    ratesOf: (planned) => (flags.rates === 'best' ? bestRate(known(), planned) : numbers(flags.rates)),
    setting,
    rounds: Number(flags.rounds ?? plan.rounds),
    steps: Number(flags.steps ?? plan.steps),
    seed: Number(flags.seed),
    testRows: flags.quick ? 100 : 2000,
    only,
    aggregator,
    initialisation,
  }
}

const file = new URL('results.json', import.meta.url)
const results = flags.save || flags.times || flags.rates === 'best' ? openResults<Row>(file, machine, keyOf) : null
const known = (): readonly Row[] => results?.rows() ?? []

const measure = (settings: BenchCase): Promise<Measures> =>
  measureApart(new URL('measure-case.ts', import.meta.url), settings)

async function rowFor(planned: PlannedCase): Promise<Row> {
  return knownRow(known(), planned) ?? kept(rowOf(planned, await measure(planned.settings)))
}

function kept(row: Row): Row {
  if (flags.save) results?.put(row)
  return row
}

/** Time and memory of every saved row again. They are the same at every rate and in every round: a short run tells them. */
async function measureTimes(): Promise<void> {
  const times = new Map<string, Promise<Measures>>()
  for (const row of known()) {
    const short = { ...row.settings, rounds: 1, steps: 5, testRows: 100, rate: 0.001, seed: 1 }
    const key = caseKey(short)
    if (!times.has(key)) {
      console.error(`times: ${row.method} + ${row.aggregator}, ${row.clients} clients, ${row.setting}`)
      times.set(key, measure(short))
    }
    const { stepMs, peakMb } = await times.get(key)!
    kept({ ...row, stepMs, peakMb })
  }
}

async function run(page: Page): Promise<Row[]> {
  const cases = casesOf(page, await bundledModel(), optionsOf(page))
  const rows: Row[] = []
  for (const [at, planned] of cases.entries()) {
    const { adapter, aggregator, clients } = planned.settings
    console.error(`${page} ${at + 1}/${cases.length}: ${adapter.method} + ${aggregator}, ${clients} clients`)
    try {
      rows.push(await rowFor(planned))
    } catch (error) {
      // The rows after it are worth having; the status says that one is missing.
      console.error((error as Error).message)
      process.exitCode = 1
    }
  }
  return rows
}

/** What was saved before is in the plot too: a part of the plan can be run again by itself. */
const seeded = (): Row[] => known().filter(({ settings }) => settings.seed === Number(flags.seed))

function savedRows(page: Page): Row[] {
  const { clients, ...plan } = PLANS[page]
  const own = { ...plan, seed: Number(flags.seed) }
  return seeded().filter((row) => samePlan(row.settings, own) && numbers(clients).includes(row.clients))
}

/** Bytes tell methods apart; the lines of Fed-SB's page have the same, and the number of clients does. */
const PLOTS: Readonly<Record<Page, () => string>> = {
  'fed-sb': () => clientsPlot(TITLES['fed-sb'], seeded()),
  'methods': () => accuracyPlot(TITLES.methods, bestRows(savedRows('methods'))),
}

if (flags.times) await measureTimes()
const pages = PAGES.filter((page) => flags.page === undefined || page === flags.page)
if (pages.length === 0) throw new Error(`--page is one of: ${PAGES.join(', ')}`)
const all: Row[] = []
for (const page of pages) {
  const rows = flags.times ? savedRows(page) : await run(page)
  all.push(...rows)
  if (!flags.json) console.log(`${TITLES[page]}\n\n${rowsTable(rows)}\n`)
  if (flags.save && savedRows(page).length > 0) writeFileSync(new URL(`${page}.svg`, import.meta.url), PLOTS[page]())
}
if (flags.json) console.log(JSON.stringify(all))
