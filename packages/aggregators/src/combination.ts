import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { Aggregator, ExactnessClass } from './aggregator.ts'
import { aggregators } from './aggregators.ts'

/** What a run puts together, as far as it decides whether the rule may be used. */
export interface Combination {
  readonly rule: Aggregator
  /** The rule's options. */
  readonly config: Readonly<Record<string, unknown>>
  readonly method: MethodTraits
  /** Least number of updates of a round. */
  readonly quorum: number
  readonly serverOptimizer: string
  /** Updates that began from an earlier version are counted too. */
  readonly countsLateWork: boolean
}

/** What a rule has to know of an adapter method with its options. */
export interface MethodTraits {
  readonly name: string
  /**
   * The classes of the coordinates that are trained together in a round: `linear-if-frozen` where what they are
   * multiplied with rests, `product` where it does not.
   */
  readonly classes: readonly ExactnessClass[]
  /** Whether all coordinates of the class `product` are in factor pairs s B A, and there are such. */
  readonly hasPairs: boolean
  /** Whether all coordinates of the class `manifold` are in lines, and there are such. */
  readonly hasLines: boolean
}

/** The mean of the coordinates by this rule is the mean of the weight changes. */
export const isExactFor = ({ profile }: Aggregator, { classes }: Pick<MethodTraits, 'classes'>): boolean =>
  classes.every((own) => profile.exactFor.includes(own))

/**
 * Whether the parts of a run fit together; the error says why not, and what does.
 * Errors: `invalid-config`.
 */
export function checkCombination(combination: Combination): Result<void, FedError> {
  const { rule, method } = combination
  const wrong = misfit(rule, method) ?? tooSmallQuorum(combination) ?? disturbed(combination)
  return wrong === null ? ok(undefined) : err(wrong)
}

/** The rule goes with the method, whoever takes part. */
function fits(rule: Aggregator, method: MethodTraits): boolean {
  const { reads, inexact } = rule.profile
  if (reads === 'factor-pairs') return method.hasPairs
  if (reads === 'lines') return method.hasLines
  return inexact === 'measured' || isExactFor(rule, method)
}

function misfit(rule: Aggregator, method: MethodTraits): FedError | null {
  if (fits(rule, method)) return null
  const fix = `Set aggregator.rule to one of: ${rulesFor(method).join(', ')}`
  if (rule.profile.reads === 'factor-pairs') {
    const message = `${rule.name} goes by products B A of two trained factors, and ${method.name} trains no such pairs`
    return refused(message, `${fix}.`)
  }
  if (rule.profile.reads === 'lines') {
    const message = `${rule.name} averages directions on the sphere, and ${method.name} trains no such`
    return refused(message, `${fix}.`)
  }
  const what = method.classes.includes('product')
    ? 'trains factors that multiply each other, and a product of means is not the mean of products'
    : 'trains numbers on a curved space, where the mean of coordinates is not the mean of weight changes'
  return refused(
    `${rule.name} is for exact means only: ${method.name} ${what}`,
    `${fix}; or choose what is trained so that averages are linear.`,
  )
}

/**
 * The rules that go with a method, the best first: those that lose nothing, then those made for such methods, then those
 * that keep one sum; and of two alike the one that is never used where it would lose something.
 */
export function rulesFor(method: MethodTraits): string[] {
  const fitting = aggregators.plugins.filter((rule) => fits(rule, method))
  const drawbacks = (rule: Aggregator): number => {
    const { reads, keeps, inexact } = rule.profile
    const inOrder = [!isExactFor(rule, method), reads === 'updates', keeps !== 'sum', inexact !== 'refused']
    return inOrder.reduce((sum, drawback) => 2 * sum + Number(drawback), 0)
  }
  return fitting.sort((a, b) => drawbacks(a) - drawbacks(b)).map(({ name }) => name)
}

function tooSmallQuorum({ rule, config, quorum }: Combination): FedError | null {
  const minimum = rule.robustness.minimumClients(config as never)
  if (quorum >= minimum) return null
  const options = Object.entries(config).filter(([key]) => key in rule.config.shape)
  const withOptions = options.map(([key, value]) => ` with ${key} = ${value}`).join(',')
  return refused(
    `${rule.name}${withOptions} needs ${minimum} updates, and a quorum of ${quorum} makes a round with fewer`,
    `Set rounds.cohort.quorum to at least ${minimum}${'attackers' in config ? ', or reckon with fewer attackers' : ''}.`,
  )
}

/** Rules that say where the coordinates have to be. */
function disturbed({ rule, serverOptimizer, countsLateWork }: Combination): FedError | null {
  if (rule.profile.gives === 'step') return null
  if (serverOptimizer !== 'none') {
    return refused(
      `${rule.name} says where the factors have to be, and a step of ${serverOptimizer} would move them from there`,
      'Set serverOptimizer.name to none.',
    )
  }
  if (!countsLateWork) return null
  return refused(
    `${rule.name} begins every round from other factors and base weights, so an update that began before does not fit`,
    'Set rounds.mode.kind to sync and rounds.mode.onLate to discard.',
  )
}

const refused = (message: string, fix: string): FedError => new FedError('invalid-config', message, { fix })
