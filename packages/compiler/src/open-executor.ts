import { asFedError, FedError } from '@tessera/vocabulary'
import * as executors from './executors/index.ts'
import type { Executor, ExecutorKind, ExecutorOptions } from './program.ts'

const byPreference: readonly ExecutorKind[] = Object.values(executors).sort((a, b) => a.preference - b.preference)

/** Device names that stand for the best of several executors. */
const CHOICES: Readonly<Record<string, { summary: string; among: (kind: ExecutorKind) => boolean }>> = {
  auto: { summary: 'the fastest that works here', among: () => true },
  tfjs: { summary: 'not compiled, on the best tfjs backend', among: (kind) => kind.name.startsWith('tfjs-') },
}

/** Every name that `openExecutor` understands, with a line for `--help`; derived from the registry. */
export const deviceNames = (): { name: string; summary: string }[] => [
  ...Object.entries(CHOICES).map(([name, { summary }]) => ({ name, summary })),
  ...byPreference.map(({ name, summary }) => ({ name, summary })),
]

export interface OpenedExecutor {
  readonly executor: Executor
  /** Why this one: a sentence for people. */
  readonly reason: string
}

/**
 * Opens the executor of a device. `auto` and `tfjs` choose the first that works, in the order of preference, and accept
 * a GPU only when it is one; a device asked for by its name is that device or an error.
 *
 * @throws {FedError} `device-missing` with the reason and the fix; `invalid-config` when no device has this name.
 */
export async function openExecutor(device: string, options: ExecutorOptions = {}): Promise<OpenedExecutor> {
  const choice = CHOICES[device]
  if (choice) return openFirst(byPreference.filter(choice.among), options)
  const kind = byPreference.find(({ name }) => name === device)
  if (!kind) {
    const names = deviceNames().map(({ name }) => name)
    throw new FedError('invalid-config', `there is no device "${device}"`, { fix: `Use one of: ${names.join(', ')}.` })
  }
  return { executor: await kind.open(options), reason: `${device} was asked for` }
}

async function openFirst(kinds: readonly ExecutorKind[], options: ExecutorOptions): Promise<OpenedExecutor> {
  const refusals: FedError[] = []
  for (const kind of kinds) {
    try {
      const executor = await kind.open({ ...options, hardwareOnly: true })
      const others = refusals.length === 0 ? '' : ` (${refusals.map((refusal) => refusal.message).join('; ')})`
      return { executor, reason: `${kind.name} is the fastest that works here${others}` }
    } catch (thrown) {
      refusals.push(asFedError(thrown))
    }
  }
  throw new FedError('device-missing', refusals.map((refusal) => refusal.message).join('; '), {
    fix: refusals.map((refusal) => refusal.fix).find((fix) => fix !== undefined) ?? 'Reinstall the packages.',
    cause: refusals,
  })
}
