import { type AdapterLayout, type Factor, type FactorSet, factorKey, flatten, unflatten } from '@tessera/adapters'
import {
  type Aggregator,
  aggregators,
  type CoordinateMatrix,
  checkCombination,
  type ExactnessClass,
  type FactorPair,
  type FoldContext,
  type MethodTraits,
} from '@tessera/aggregators'
import { type BlobHash, FedError, type Result, unwrap } from '@tessera/vocabulary'
import { decodeCoordinates } from './artefacts.ts'
import { freshStart } from './reduction.ts'
import type { RunState, Stage } from './run-state.ts'
import { adapterLayout, methodOf, roundLayout, type StageSetting, stageLayout, trainLayout } from './stage-layout.ts'
import { frameOf } from './stretches.ts'

/** The rule that aggregates a run's rounds. */
export const ruleOf = ({ spec }: Pick<StageSetting, 'spec'>): Aggregator =>
  unwrap(aggregators.byName(spec.aggregator.rule))

/** Refuse parts that do not go together, before any client is asked. Errors: `invalid-config`. */
export function checkAggregation(setting: StageSetting): Result<void, FedError> {
  const { aggregator, serverOptimizer, rounds } = setting.spec
  const { cohort, mode } = rounds
  return checkCombination({
    rule: ruleOf(setting),
    config: aggregator,
    method: methodTraits(setting),
    quorum: cohort.quorum,
    serverOptimizer: serverOptimizer.name,
    countsLateWork: mode.kind === 'buffered' || mode.onLate === 'next-round',
  })
}

/** What a rule has to know of the run's method: everything that any of its rounds trains. */
export function methodTraits(setting: StageSetting): MethodTraits {
  const method = methodOf(setting)
  const rounds = method.active === undefined ? 1 : setting.spec.rounds.total
  const inSubspace = frameOf(setting.spec) !== null
  const layouts = inSubspace
    ? [adapterLayout(setting)]
    : Array.from({ length: rounds }, (_, at) => roundLayout(setting, at + 1))
  const classes = layouts.flatMap(classesOf)
  const count = (wanted: ExactnessClass): number => classes.filter((own) => own === wanted).length
  const [inPairs, inLines] = [layouts.flatMap(factorPairs).length, layouts.flatMap(lineMatrices).length]
  return {
    name: inSubspace ? `${method.name} in the subspace ${setting.spec.subspace.name}` : method.name,
    classes: [...new Set(classes)],
    hasPairs: !inSubspace && inPairs > 0 && count('product') === 2 * inPairs,
    hasLines: !inSubspace && inLines > 0 && count('manifold') === inLines,
  }
}

/** The class of every factor that a round trains: one whose partner trains in the same round is part of a product. */
function classesOf({ sites }: AdapterLayout): ExactnessClass[] {
  return sites.flatMap(({ adapter: { factors } }) => {
    const trained = new Set(factors.filter(({ train }) => train).map(({ name }) => name))
    return factors.flatMap((factor) => (factor.train ? [classOf(factor, trained)] : []))
  })
}

function classOf({ exactness }: Extract<Factor, { train: true }>, trained: ReadonlySet<string>): ExactnessClass {
  if (exactness === 'linear' || exactness === 'product' || exactness === 'manifold') return exactness
  const partner = exactness.slice('linear-if-frozen('.length, -1)
  return trained.has(partner) ? 'product' : 'linear-if-frozen'
}

/** The factor pairs of a layout, where both factors of one are trained. */
export function factorPairs({ sites, segments }: AdapterLayout): FactorPair[] {
  const placed = new Map(segments.map((segment) => [factorKey(segment.site, segment.factor), segment]))
  return sites.flatMap(({ site: { name }, adapter: { pair } }) => {
    const B = pair && placed.get(factorKey(name, pair.left))
    const A = pair && placed.get(factorKey(name, pair.right))
    return pair && B && A ? [{ site: name, B, A, scale: pair.scale }] : []
  })
}

/** The matrices of a layout whose rows are lines, where they are trained. */
export function lineMatrices({ sites, segments }: AdapterLayout): CoordinateMatrix[] {
  const inLines = sites.flatMap(({ site: { name }, adapter: { factors } }) =>
    factors.flatMap((factor) => (factor.train && factor.lines ? [factorKey(name, factor.name)] : [])),
  )
  return segments.filter(({ site, factor }) => inLines.includes(factorKey(site, factor)))
}

type ReadBlob = (hash: BlobHash) => Promise<Uint8Array | null>

/** What rules that go by more than vectors know of the round under way. */
export async function foldContext(setting: StageSetting, state: RunState, readBlob: ReadBlob): Promise<FoldContext> {
  const stage = state.stage as Stage
  const [all, active] = [trainLayout(setting), stageLayout(setting, stage)]
  const stored = async (hash: BlobHash | null | undefined): Promise<FactorSet> => {
    const bytes = hash && (await readBlob(hash))
    if (!bytes) throw new FedError('unknown-blob', `the store has no blob ${hash}`)
    return unflatten(all, unwrap(decodeCoordinates(bytes, all.length)))
  }
  const received = flatten(active, await stored(state.coordinates))
  const restart = flatten(active, freshStart(setting, stage.index) ?? (await stored(state.restart)))
  return { pairs: factorPairs(active), lines: lineMatrices(active), received, restart }
}
