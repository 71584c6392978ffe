import { rankPolicies } from '@tessera/adapters'
import { codecs } from '@tessera/codecs'
import { asFedError, err, FedError, ok, type Result, unwrap } from '@tessera/vocabulary'
import { ruleOf } from './aggregation.ts'
import { adapterLayout, methodOf, type StageSetting } from './stage-layout.ts'
import { frameOf, shapeOf, subspaceFeedsBack } from './stretches.ts'

/** Refuse a subspace that does not go with the other parts of the run, before any client is asked. Errors: `invalid-config`. */
export function checkSubspace(setting: StageSetting): Result<void, FedError> {
  try {
    const misfit = misfitOf(setting)
    return misfit === null ? ok(undefined) : err(misfit)
  } catch (error) {
    return err(asFedError(error))
  }
}

function misfitOf(setting: StageSetting): FedError | null {
  const { spec } = setting
  const { subspace, rankPolicy, rounds, serverOptimizer } = spec
  const [frame, shape] = [frameOf(spec), shapeOf(spec, adapterLayout(setting))]
  if (frame === null || shape === null) return null
  const [method, rule] = [methodOf(setting), ruleOf(setting)]
  if (method.active !== undefined) {
    return refused(
      `a subspace moves all that is trained in every round, and ${method.name} lets a part of it rest`,
      'Set subspace.name to none, or adapter.method to one that trains all of its factors.',
    )
  }
  if (unwrap(rankPolicies.byName(rankPolicy.name)).decide !== undefined) {
    return refused(
      `the random directions of ${subspace.name} are those of one shape, and ${rankPolicy.name} changes ranks between rounds`,
      'Set rankPolicy.name to none.',
    )
  }
  const countsLateWork = rounds.mode.kind === 'buffered' || rounds.mode.onLate === 'next-round'
  if (frame.per === 'round' && countsLateWork) {
    return refused(
      `every round of ${subspace.name} has random directions of its own, so an update that began in another one does not fit`,
      'Set rounds.mode.kind to sync and rounds.mode.onLate to discard.',
    )
  }
  if (frame.per === 'round' && serverOptimizer.name !== 'none') {
    return refused(
      `every round of ${subspace.name} has numbers of its own, so ${serverOptimizer.name} at the server has nothing to remember`,
      'Set serverOptimizer.name to none.',
    )
  }
  if (subspaceFeedsBack(spec) && enlarges(spec.codec)) {
    return refused(
      `${spec.codec.codec} makes single numbers larger than they are, so what ${subspace.name} feeds back would grow without end`,
      'Choose a codec that is off by less than its numbers, or set subspace.errorFeedback to false.',
    )
  }
  if (shape.sent < shape.length && rule.profile.keeps === 'updates') {
    return refused(
      `the clients of ${subspace.name} move along directions of their own, and ${rule.name} compares their numbers`,
      'Set aggregator.rule to weighted-mean.',
    )
  }
  return null
}

/** E‖C(x) − x‖² can be ‖x‖² or more: of what is scaled up so that nothing is lost on average. */
function enlarges(choice: StageSetting['spec']['codec']): boolean {
  const codec = unwrap(codecs.byName(choice.codec))
  return codec.properties(choice as never).includes('unbiased') && codec.errorBound(1, choice as never) >= 1
}

const refused = (message: string, fix: string): FedError => new FedError('invalid-config', message, { fix })
