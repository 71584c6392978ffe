/**
 * Accuracy on the bundled test rows over the bytes that a client sends in a whole run. See the README.
 *
 *     npx tsx benchmarks/bytes/bench.ts --only ferret --save
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { codecs } from '@tessera/codecs'
import { bundledModel } from '../federation/bundled.ts'
import { measureApart } from '../federation/case-process.ts'
import { machine } from '../federation/machine.ts'
import { openResults } from '../federation/results-file.ts'
import {
  type BytesCase,
  bestCurves,
  type Curve,
  type CurvePoint,
  curvesIn,
  keyOf,
  knownCurve,
  lastOf,
  type Row,
  rowsOf,
} from './bench-case.ts'
import { curvesPlot } from './curves-plot.ts'
import { curvesTable } from './curves-table.ts'
import { casesOf, METHODS, type PlanOptions } from './plan.ts'
import { nameOf, targetsOf, targetsTable } from './targets.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    codec: { type: 'string' },
    rates: { type: 'string' },
    rounds: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
})

const TITLE = 'Accuracy over the bytes of a whole run'
/** Fewer steps than the demo's, for there are many curves; the quick plan only shows that everything works. */
const PLAN = { rounds: null, steps: 10, testRows: 2000 }
const QUICK = { rounds: 2, steps: 3, testRows: 100 }

function options(): PlanOptions {
  const { only, codec, rates, rounds, steps, seed, quick } = flags
  requireOneOf('--only', only, METHODS)
  requireOneOf('--codec', codec, codecs.names)
  const plan = quick ? QUICK : PLAN
  return {
    rates: rates === undefined ? null : rates.split(',').map(Number),
    rounds: rounds === undefined ? plan.rounds : Number(rounds),
    steps: Number(steps ?? plan.steps),
    seed: Number(seed),
    testRows: plan.testRows,
    only,
    codec,
  }
}

function requireOneOf(flag: string, value: string | undefined, names: readonly string[]): void {
  if (value !== undefined && !names.includes(value)) throw new Error(`${flag} is one of: ${names.join(', ')}`)
}

const results = flags.save ? openResults<Row>(new URL('results.json', import.meta.url), machine, keyOf) : null

async function curveOf(settings: BytesCase): Promise<Curve> {
  const known = knownCurve(results?.rows() ?? [], settings)
  if (known.length > 0) return known
  const points = await measureApart<BytesCase, CurvePoint[]>(new URL('measure-case.ts', import.meta.url), settings)
  const curve = rowsOf(settings, points)
  results?.put(...curve)
  return curve
}

async function curvesOf(cases: readonly BytesCase[]): Promise<Curve[]> {
  const curves: Curve[] = []
  for (const [at, settings] of cases.entries()) {
    try {
      const curve = await curveOf(settings)
      curves.push(curve)
      const { accuracy, seconds, rate } = lastOf(curve)
      const came = `${(100 * accuracy).toFixed(1)} % in ${seconds} s`
      console.error(`${at + 1}/${cases.length} ${nameOf(lastOf(curve))}, rate ${rate}: ${came}`)
    } catch (error) {
      // The curves after it are worth having; the status says that one is missing.
      console.error((error as Error).message)
      process.exitCode = 1
    }
  }
  return curves
}

const curves = await curvesOf(casesOf(await bundledModel(), options()))
// What was saved before is in the plot and the targets too: a part of the plan can be run again by itself.
const best = bestCurves(results === null ? curves : curvesIn(results.rows()))
if (flags.json) console.log(JSON.stringify(curves.flat()))
else console.log(`${TITLE}\n\n${curvesTable(curves)}\n\nTargets\n\n${targetsTable(targetsOf(best))}\n`)
if (flags.save && best.length > 0) writeFileSync(new URL('bytes.svg', import.meta.url), curvesPlot(TITLE, best))
