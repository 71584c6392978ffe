import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { FedError } from '@tessera/vocabulary'
import type { NetworkFault } from './network-fault.ts'

/** Runs a program to its end; rejects when it fails. Tests have one of their own. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<unknown>

const runProgram: RunProgram = (program, args) => promisify(execFile)(program, [...args])

/** A worker's own network: one virtual cable to this machine, whose ends the kernel can disturb. */
export interface NetworkNamespace {
  /** The machine's address as it is seen from inside. */
  readonly hostAddress: string
  /** The program and arguments that start a command inside; its process id is the command's own. */
  command(program: string, args: readonly string[]): { program: string; args: readonly string[] }
  set(fault: NetworkFault | null): Promise<void>
  remove(): Promise<void>
}

/** What this kernel lets this user do. */
export interface NamespaceAbility {
  /** Namespaces and virtual cables, whose link can be down. */
  readonly links: boolean
  /** Delay, loss, repetition, reordering and damage on them. */
  readonly netem: boolean
  /** Why not, in the words of the program that failed. */
  readonly reason: string | null
}

/** Addresses for tests of networks (RFC 2544): the third number is this process's, the fourth the namespace's. */
const ADDRESS = `198.18.${process.pid % 256}`
const MOST = 200
const INSIDE = 'worker0'

/** @throws {FedError} `invalid-config`: too many workers for one network of addresses. */
export async function makeNamespace(index: number, run: RunProgram = runProgram): Promise<NetworkNamespace> {
  if (index >= MOST) throw new FedError('invalid-config', `a drill has at most ${MOST} workers in namespaces`)
  const name = `tessera-drill-${process.pid}-${index}`
  const cable = `td${process.pid}-${index}` // Linux takes 15 characters
  const [host, own] = [`${ADDRESS}.1`, `${ADDRESS}.${index + 2}`]
  const inside = (...args: string[]) => run('ip', ['-n', name, ...args])
  await run('ip', ['netns', 'add', name])
  const remove = async (): Promise<void> => {
    await run('ip', ['netns', 'delete', name]) // its end of the cable goes with it, and so does the other
  }
  try {
    await run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', INSIDE, 'netns', name])
    await run('ip', ['address', 'add', host, 'peer', own, 'dev', cable])
    await run('ip', ['link', 'set', cable, 'up'])
    await inside('address', 'add', own, 'peer', host, 'dev', INSIDE)
    await inside('link', 'set', 'lo', 'up')
    await inside('link', 'set', INSIDE, 'up')
  } catch (error) {
    await remove()
    throw error
  }
  const set = faultSetter({ run, name, cable })
  return {
    hostAddress: host,
    command: (program, args) => ({ program: 'ip', args: ['netns', 'exec', name, program, ...args] }),
    set,
    remove,
  }
}

/** One fault at a time, on both ends of the cable: each end disturbs what it sends. */
function faultSetter({ run, name, cable }: { run: RunProgram; name: string; cable: string }) {
  const ends = [
    ['-n', name, 'qdisc', 'replace', 'dev', INSIDE, 'root'],
    ['qdisc', 'replace', 'dev', cable, 'root'],
  ]
  const link = (state: 'up' | 'down') => run('ip', ['-n', name, 'link', 'set', INSIDE, state])
  let present: NetworkFault | null = null
  return async (fault: NetworkFault | null): Promise<void> => {
    if (present?.kind === 'partition') await link('up')
    else if (present !== null) for (const end of ends) await run('tc', [...end, 'pfifo'])
    present = fault
    if (fault?.kind === 'partition') await link('down')
    else if (fault !== null) for (const end of ends) await run('tc', [...end, 'netem', ...netemOf(fault)])
  }
}

/** The words of `tc netem` for a fault: see tc-netem(8). */
export function netemOf(fault: Exclude<NetworkFault, { kind: 'partition' }>): readonly string[] {
  if (fault.kind === 'latency') return ['delay', `${fault.delayMs}ms`, `${fault.jitterMs}ms`, 'loss', '1%']
  const share = `${100 * fault.share}%`
  if (fault.kind === 'dup') return ['duplicate', share]
  // What is not delayed overtakes what is.
  return fault.kind === 'reorder' ? ['delay', '20ms', 'reorder', share] : ['corrupt', share]
}

/** Made, tried and removed: the only way to know. */
export async function namespaceAbility(run: RunProgram = runProgram): Promise<NamespaceAbility> {
  const tried = await makeNamespace(MOST - 1, run).catch((error: Error) => error)
  if (tried instanceof Error) return { links: false, netem: false, reason: lastLine(tried) }
  try {
    await tried.set({ kind: 'latency', delayMs: 1, jitterMs: 0 })
    return { links: true, netem: true, reason: null }
  } catch (error) {
    return { links: true, netem: false, reason: lastLine(error as Error) }
  } finally {
    await tried.remove()
  }
}

const lastLine = ({ message }: Error): string => message.trim().split('\n').at(-1) ?? ''
