import type { CohortMember, RoundView } from '@tessera/protocol'
import type { RunEnd } from './run-follower.ts'
import type { Verification } from './verification.ts'

/** Something that no disturbance may change, and whether it held. */
export interface Invariant {
  readonly name: string
  readonly verdict: 'pass' | 'fail' | 'skipped'
  readonly detail: string
}

/** An update that a worker was told is taken. */
export interface Acknowledged {
  readonly clientId: string
  readonly kind: 'probe' | 'train'
  readonly round: number
}

/** Everything that was learned of a disturbed run. */
export interface Evidence {
  readonly end: RunEnd
  /** The same specification, undisturbed; null when there was no such run. */
  readonly reference: RunEnd | null
  readonly quorum: number
  readonly acknowledged: readonly Acknowledged[]
  readonly verification: Verification
  /** What went wrong beside what was done: processes that ended without being asked to, or did not come back. */
  readonly troubles: readonly string[]
  /** How often something was done. */
  readonly disturbances: number
}

export function checkInvariants(evidence: Evidence): readonly Invariant[] {
  return [
    disturbed(evidence),
    finished(evidence),
    quorate(evidence),
    nothingLost(evidence),
    countedOnce(evidence),
    verified(evidence),
    sameAdapter(evidence),
    nothingElse(evidence),
  ]
}

const invariant = (name: string, holds: boolean, detail: string): Invariant => ({
  name,
  verdict: holds ? 'pass' : 'fail',
  detail,
})

const disturbed = ({ disturbances }: Evidence): Invariant =>
  invariant('the run was disturbed', disturbances > 0, disturbances === 1 ? 'once' : `${disturbances} times`)

function finished({ end: { view } }: Evidence): Invariant {
  const detail =
    view === null ? 'the coordinator does not answer' : `${view.phase}${view.message ? `: ${view.message}` : ''}`
  return invariant('the run ended in finished', view?.phase === 'finished', detail)
}

function quorate({ end: { view, rounds }, quorum }: Evidence): Invariant {
  const committed = rounds.filter(({ committedAt }) => committedAt !== null)
  const short = committed.find((round) => delivered(round).length < quorum)
  const trained = new Set(committed.filter(({ kind }) => kind === 'train').map(({ round }) => round)).size
  const complete = view !== null && trained === view.rounds
  const detail =
    short !== undefined
      ? `${nameOf(short)} has ${delivered(short).length} updates, the quorum is ${quorum}`
      : `${trained} of ${view?.rounds ?? '?'} rounds, each of at least ${quorum} updates`
  return invariant('every round has its quorum', short === undefined && complete, detail)
}

function nothingLost({ end: { rounds }, acknowledged }: Evidence): Invariant {
  const name = 'no update was lost'
  if (acknowledged.length === 0) return { name, verdict: 'skipped', detail: 'the drill had no workers of its own' }
  const counted = new Set(rounds.flatMap((round) => delivered(round).map(({ clientId }) => keyOf(round, clientId))))
  const lost = acknowledged.find(({ clientId, kind, round }) => !counted.has(keyOf({ kind, round }, clientId)))
  const detail =
    lost === undefined
      ? `${acknowledged.length} were acknowledged, all are in their rounds`
      : `that of ${lost.clientId} in ${nameOf(lost)} was acknowledged and is not there`
  return invariant(name, lost === undefined, detail)
}

/** One assignment, one event, one place in one round. */
function countedOnce({ end: { rounds, events } }: Evidence): Invariant {
  const received = events.filter(({ type }) => type === 'update-received').map(({ data }) => data.assignmentId)
  const parts = rounds.flatMap((round) => delivered(round).map(({ assignmentId }) => assignmentId as unknown))
  const twice =
    received.find((id, at) => received.indexOf(id) !== at) ?? parts.find((id, at) => parts.indexOf(id) !== at)
  const detail =
    twice === undefined ? `${received.length} in the log, ${parts.length} in the rounds` : `${twice} counts twice`
  return invariant('no update counts twice', twice === undefined && received.length === parts.length, detail)
}

const verified = ({ verification: { clean, detail } }: Evidence): Invariant =>
  invariant('the log replays to the same bytes', clean, detail)

/** Runs that counted the same updates have the same adapter; a quorum below the cohort lets them count others. */
function sameAdapter({ end, reference }: Evidence): Invariant {
  const name = 'the adapter is that of the undisturbed run'
  if (reference === null) return { name, verdict: 'skipped', detail: 'there was no undisturbed run' }
  const other = firstOtherCohort(end.rounds, reference.rounds)
  if (other !== null && end.view?.phase === 'finished') {
    return { name, verdict: 'skipped', detail: `${other} counted other clients, as the quorum allows` }
  }
  const [own, wanted] = [end.view?.adapterHash ?? null, reference.view?.adapterHash ?? null]
  return invariant(name, own !== null && own === wanted, `${own ?? 'none'}${own === wanted ? '' : `, not ${wanted}`}`)
}

const nothingElse = ({ troubles }: Evidence): Invariant =>
  invariant('nothing else broke', troubles.length === 0, troubles.length === 0 ? 'all came back' : troubles.join('; '))

export const delivered = ({ cohort }: RoundView): readonly CohortMember[] =>
  cohort.filter(({ status }) => status === 'delivered')

function firstOtherCohort(rounds: readonly RoundView[], reference: readonly RoundView[]): string | null {
  const clients = (round: RoundView) =>
    JSON.stringify(
      delivered(round)
        .map(({ clientId }) => clientId)
        .sort(),
    )
  const other = rounds.find((round, at) => reference[at] === undefined || clients(round) !== clients(reference[at]))
  return other === undefined ? null : nameOf(other)
}

const keyOf = ({ kind, round }: Pick<RoundView, 'kind' | 'round'>, client: string) => `${kind} ${round} ${client}`

const nameOf = ({ kind, round }: Pick<RoundView, 'kind' | 'round'>): string =>
  kind === 'probe' ? 'a pass of the initialisation' : `round ${round}`
