import { FedError } from '@tessera/vocabulary'
import type { LiveCoordinator } from './deployment.ts'
import type { Drill } from './drill.ts'
import { DRILLS } from './drills.ts'
import { type FaultPlace, HIDDEN_BY_TCP, type NetworkFault } from './network-fault.ts'
import type { NamespaceAbility } from './network-namespace.ts'
import type { Target } from './target.ts'

export const NETWORKS = ['auto', 'namespaces', 'proxy'] as const

/** What a person asks for. */
export interface DrillOptions {
  readonly drills: readonly Drill[]
  /** A run specification; absent for the small one that comes along. */
  readonly specFile?: string
  readonly dataFiles: readonly string[]
  readonly target?: Target
  readonly atRound?: number
  readonly times?: number
  readonly seed: number
  readonly durationMs?: number
  readonly network: (typeof NETWORKS)[number]
  readonly device: string
  readonly databaseUrl?: string
  /** A deployment that runs already; absent for a throw-away one. */
  readonly live?: LiveCoordinator
  /** A run of it to follow, instead of a new one. */
  readonly run?: string
  readonly pids: readonly number[]
  readonly keep: boolean
}

const KILLING = new Set(['kill', 'pause'])

/** The drills of that name; `all` for every one. @throws {FedError} `invalid-config` */
export function drillsNamed(name: string): readonly Drill[] {
  const found = DRILLS.filter((drill) => name === 'all' || drill.name === name)
  if (found.length > 0) return found
  const names = DRILLS.map((drill) => drill.name).join(', ')
  throw new FedError('invalid-config', `there is no drill "${name}"`, { fix: `Choose one of ${names}, or all.` })
}

/** @throws {FedError} `invalid-config`: what is asked for contradicts itself. */
export function checkOptions({ drills, target, live, run, pids, dataFiles, databaseUrl, ...rest }: DrillOptions): void {
  const refuse = (message: string, fix: string): never => {
    throw new FedError('invalid-config', message, { fix })
  }
  const stranger = drills.find(({ targets }) => target !== undefined && !targets.includes(target))
  if (stranger !== undefined && drills.length === 1) {
    refuse(`drill ${stranger.name} has no target ${target}`, `Choose one of ${stranger.targets.join(', ')}.`)
  }
  const foreign = live !== undefined ? ['coordinator', 'postgres'] : databaseUrl !== undefined ? ['postgres'] : []
  if (target !== undefined && foreign.includes(target) && pids.length === 0) {
    refuse(`the ${target} here is not the drill's own`, 'Choose another --target; a live one is named with --pid.')
  }
  if (live === undefined) {
    if (run !== undefined || pids.length > 0) refuse('--run and --pid are for a live deployment', 'Give --coordinator.')
    if (rest.specFile !== undefined && dataFiles.length === 0) {
      refuse('a run specification of your own needs data', 'Give --data FILE for each worker.')
    }
    return
  }
  if (databaseUrl !== undefined) refuse('a live coordinator has its own database', 'Leave --database-url away.')
  if (run !== undefined && rest.specFile !== undefined)
    refuse('--run follows a run that has its specification', 'Give one.')
  if (pids.length > 0 && !drills.every(({ name }) => KILLING.has(name)))
    refuse('--pid is for kill and pause', 'Leave it away.')
  if (pids.length === 0 && dataFiles.length === 0) {
    refuse('the drill has nothing that it could disturb', 'Give --data FILE for workers of its own, or --pid.')
  }
}

/**
 * Where a fault is made. TCP puts right what the kernel damages, repeats and reorders, so that the proxy does these too.
 *
 * @throws {FedError} `namespaces-missing`: only namespaces were wanted, and this machine can not make them.
 */
export function placesOf(
  fault: NetworkFault | null,
  wanted: DrillOptions['network'],
  { links, netem, reason }: NamespaceAbility,
): readonly FaultPlace[] {
  if (fault === null) return []
  const able = fault.kind === 'partition' ? links : netem
  if (wanted === 'namespaces' && !able) {
    throw new FedError('namespaces-missing', `${fault.kind} by network namespaces is not possible here: ${reason}`, {
      fix: 'It takes root, iproute2 and a kernel with sch_netem; or give --network proxy.',
    })
  }
  if (wanted === 'proxy' || !able) return ['proxy']
  return HIDDEN_BY_TCP.has(fault.kind) ? ['kernel', 'proxy'] : ['kernel']
}
