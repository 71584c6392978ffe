import type { AdapterLayout } from '@tessera/adapters'
import {
  adapterLayout,
  checkAggregation,
  checkDownlink,
  checkRankPolicy,
  checkSubspace,
  feedsBack,
  frameOf,
  largestRanks,
  largestRead,
  type ModelFile,
  type RunRecord,
  requireStart,
  roundLayout,
  subspaceFeedsBack,
  subspaceSetting,
} from '@tessera/federation'
import { type BaseModel, otherWeights } from '@tessera/models'
import {
  largestUpdate,
  requireOptimizerFits,
  roundFactors,
  type TrainedMatrix,
  trainedMatrices,
} from '@tessera/trainer'
import { FedError, type RunId, type Site, unwrap } from '@tessera/vocabulary'
import type { RunSpec } from './run-spec.ts'

export interface NewRun {
  readonly runId: RunId
  readonly spec: RunSpec
  readonly model: BaseModel
  readonly files: readonly ModelFile[]
  readonly createdAt: number
}

/**
 * What never changes in a run's life, with everything checked that can be before a client is asked.
 *
 * @throws {FedError} `rank-too-large`, or `invalid-config` where the targets name no layer of the model, or a method can
 * not be trained by these rounds, not start from its initialisation, not move in its subspace, not be aggregated by the
 * rule, not lose ranks, not be sent in steps, or has nothing that its local optimizer is for.
 */
export function createRunRecord({ runId, spec, model, files, createdAt }: NewRun): RunRecord {
  const sites = chooseSites(model, spec.targets)
  requireOwnShapes({ spec, sites }, otherWeights(model))
  requireStart({ spec, sites })
  unwrap(checkSubspace(largestRanks({ spec, sites })))
  requireOneLayout({ spec, sites })
  unwrap(checkAggregation({ spec, sites }))
  unwrap(checkRankPolicy({ spec, sites }))
  unwrap(checkDownlink({ spec, sites }))
  const layout = adapterLayout(largestRanks({ spec, sites }))
  requireOptimizerFits(spec.train, trainedMatrices(layout))
  return { runId, spec, sites, model: files, updateBound: updateBound(spec, layout), createdAt }
}

/** The weights to adapt, linear layers first, each in the model's order; a target is the last part of their names. */
export function chooseSites(model: BaseModel, targets: RunSpec['targets']): readonly Site[] {
  const linear = model.architecture.sites(model.config)
  if (targets === 'all-linear') return linear
  const all = [...linear, ...otherWeights(model)]
  if (targets === 'all') return all
  const lastPart = ({ name }: Site) => name.slice(name.lastIndexOf('.') + 1)
  const known = [...new Set(all.map(lastPart))]
  const unknown = targets.filter((target) => !known.includes(target))
  if (unknown.length > 0) {
    throw new FedError('invalid-config', `targets: the model has no weight called ${unknown.join(', ')}`, {
      details: { unknown, known },
      fix: `Use "all-linear", "all", or some of: ${known.join(', ')}.`,
    })
  }
  return all.filter((site) => targets.includes(lastPart(site)))
}

/** Outside of linear layers a method has to train a weight's own numbers: there is no product to put factors into. */
function requireOwnShapes({ spec, sites }: Pick<RunRecord, 'spec' | 'sites'>, others: readonly Site[]): void {
  const names = new Set(others.map(({ name }) => name))
  const unfit = sites.find((site) => names.has(site.name) && !trainsOwnShape(spec, site))
  if (unfit === undefined) return
  const { method } = spec.adapter
  throw new FedError('invalid-config', `${method} adapts linear layers, and ${unfit.name} is none`, {
    details: { method, site: unfit.name },
    fix: 'Set targets to all-linear or to linear layers, or choose a method that trains weights as they are, such as full.',
  })
}

function trainsOwnShape(spec: RunRecord['spec'], site: Site): boolean {
  try {
    const { sites } = adapterLayout({ spec, sites: [site] })
    return sites.every(({ adapter: { factors } }) =>
      factors.every(({ train, rows, cols }) => train && rows === site.outDim && cols === site.inDim),
    )
  } catch (error) {
    if (error instanceof FedError) return false
    throw error
  }
}

/** An update of an earlier round has no place in one that trains other factors. */
function requireOneLayout({ spec, sites }: Pick<RunRecord, 'sites'> & { readonly spec: RunSpec }): void {
  const { mode, total } = spec.rounds
  if (mode.kind === 'sync' && mode.onLate === 'discard') return
  const trained = (round: number) =>
    roundLayout({ spec, sites }, round).segments.map(({ site, factor }) => site + factor)
  const first = trained(1).join()
  for (let round = 2; round <= total; round++) {
    if (trained(round).join() === first) continue
    const message = `${spec.adapter.method} trains other factors in round ${round}, and updates of earlier rounds still count`
    throw new FedError('invalid-config', message, {
      details: { method: spec.adapter.method, round },
      fix: 'Choose rounds.mode.kind=sync with onLate=discard, or a method whose factors all train in every round.',
    })
  }
}

/** Larger than any coordinate before round 1 can be; it only matters to optimizers that decay. */
const LARGEST_START = 64

/**
 * The largest |value| that can be read of any round's update, whatever the data: with all that was not sent before it,
 * and what the codec may add.
 */
function updateBound(spec: RunSpec, layout: AdapterLayout): number {
  const fedBack = feedsBack(spec.codec) || subspaceFeedsBack(spec)
  return largestRead(spec.codec, (fedBack ? spec.rounds.total : 1) * trainedBound(spec, layout))
}

/** The largest |update| that any round of the run can train. */
function trainedBound(spec: RunSpec, layout: AdapterLayout): number {
  const inner = adapterBound(spec, trainedMatrices(layout))
  const frame = frameOf(spec)
  if (frame === null) return inner
  const { total } = spec.rounds
  const setting = subspaceSetting(spec, layout)
  const ofRound = (_: unknown, at: number): number => {
    const factors = roundFactors(spec.train, { round: at + 1, rounds: total })
    return frame.largest(spec.subspace as never, setting, { inner, factors })
  }
  return Math.max(...Array.from({ length: total }, ofRound))
}

/** The same for the coordinates of the adapter, by the local optimizer's own bound. */
function adapterBound({ train, rounds }: RunSpec, matrices: readonly TrainedMatrix[]): number {
  let [coordinate, bound] = [LARGEST_START, 0]
  for (let round = 1; round <= rounds.total; round++) {
    const step = largestUpdate(train, { round, rounds: rounds.total }, { largestCoordinate: coordinate, matrices })
    bound = Math.max(bound, step)
    coordinate += step
  }
  return bound
}
