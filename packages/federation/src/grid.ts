import { factorKey, type Segment } from '@tessera/adapters'
import { chooseGridExponent, type SumGrid } from '@tessera/math'
import type { RunRecord, RunState, Stage, StageGrid } from './run-state.ts'
import { sourceOf, stageLayout, withRanks } from './stage-layout.ts'
import { largestFactor } from './staleness.ts'

/** Room above the largest update of the round before: an honest client may grow so much in one round. */
const HEADROOM = 1024
/** Largest |value| in a pass of the initialisation: of a descent direction, and of sums over the tokens of a row. */
const PROBE_BOUND = { gradient: 64, activations: 2 ** 20 } as const
/** Clients may join with more examples than were known when the grid was chosen. */
const WEIGHT_HEADROOM = 4

/**
 * The public grid of a stage's exact sums, one exponent a segment. A pass uses a fixed range, round 1 the bound of the
 * local optimizer, every later round the largest update of the round before with headroom, never more than the bound.
 */
export function chooseGrid(record: RunRecord, state: RunState, stage: Pick<Stage, 'kind' | 'index'>): StageGrid {
  const examples = Object.values(state.members).reduce((sum, member) => sum + member.examples, 0)
  const weightLimit = Math.max(1, examples * WEIGHT_HEADROOM) * largestFactor(record, stage)
  const setting = withRanks(record, state)
  const largestBefore = largestBySegment(setting, state, stage)
  const probed = sourceOf(record)?.measurement?.statistic.of ?? 'gradient'
  const exponents = stageLayout(setting, stage).segments.map((segment) => {
    const last = largestBefore.get(keyOf(segment)) ?? 0
    const trained = last > 0 ? Math.min(record.updateBound, last * HEADROOM) : record.updateBound
    const range = stage.kind === 'probe' ? PROBE_BOUND[probed] : trained
    return chooseGridExponent({ range, totalWeight: weightLimit })
  })
  return { exponents, weightLimit }
}

/** The largest update of the round before, for the segments that it trained. */
function largestBySegment(
  record: RunRecord,
  { largestUpdate }: RunState,
  { kind, index }: Pick<Stage, 'kind' | 'index'>,
): ReadonlyMap<string, number> {
  if (largestUpdate === null || kind === 'probe') return new Map()
  const { segments } = stageLayout(record, { kind, index: index - 1 })
  return new Map(segments.map((segment, at) => [keyOf(segment), largestUpdate[at]]))
}

const keyOf = ({ site, factor }: Segment): string => factorKey(site, factor)

/** The grid as the aggregators take it. */
export function sumGrid(record: RunRecord, { kind, index, grid }: Stage): SumGrid {
  const segments = stageLayout(record, { kind, index }).segments.map(({ offset, length }, at) => ({
    offset,
    length,
    exponent: grid.exponents[at],
  }))
  return { segments, weightLimit: grid.weightLimit }
}
