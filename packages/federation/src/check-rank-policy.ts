import { rankedSegments } from '@tessera/adapters'
import { asFedError, err, FedError, ok, type Result } from '@tessera/vocabulary'
import { ruleOf } from './aggregation.ts'
import { rankPolicyOf } from './rank-step.ts'
import { adapterLayout, methodOf, type StageSetting } from './stage-layout.ts'

/** Refuse a policy that the rest of the run does not go with, before any client is asked. Errors: `invalid-config`. */
export function checkRankPolicy(setting: StageSetting): Result<void, FedError> {
  const { policy, plan, config } = rankPolicyOf(setting)
  if (policy.decide === undefined) return ok(undefined)
  const misfit = policy.misfit(plan, config)
  if (misfit !== null) return err(refused(misfit, 'Change the options of rankPolicy, or rounds.total.'))
  const unfit = shapeRefusal(setting) ?? otherRefusal(setting)
  return unfit === null ? ok(undefined) : err(unfit)
}

/** Methods whose ranks can not be dropped one by one. */
function shapeRefusal(setting: StageSetting): FedError | null {
  try {
    rankedSegments(adapterLayout(setting))
    return null
  } catch (error) {
    return asFedError(error)
  }
}

/** What holds on to coordinates that may be gone. */
function otherRefusal(setting: StageSetting): FedError | null {
  const { mode } = setting.spec.rounds
  const [method, rule] = [methodOf(setting), ruleOf(setting)]
  if (method.active !== undefined) {
    return refused(`${method.name} does not train all of its factors in every round, so their ranks do not compare`)
  }
  if (rule.profile.gives === 'place') {
    return refused(`${rule.name} says itself where the factors have to be, and their ranks can not change with it`)
  }
  if (mode.kind === 'sync' && mode.onLate === 'discard') return null
  return refused(
    'updates of earlier rounds still count, and ranks that have been dropped since have no place in the run',
    'Set rounds.mode.kind to sync and rounds.mode.onLate to discard.',
  )
}

const refused = (message: string, fix = 'Set rankPolicy.name to none.'): FedError =>
  new FedError('invalid-config', message, { fix })
