import { z } from 'zod'

/**
 * What a rule promises when clients send whatever they like, together and knowing everything. An attacker is a client
 * of that kind; the others are honest. Each promise is proven where the rule is defined and attacked by its laws.
 */
export interface Robustness<Config> {
  /** The breakdown point: with up to so many attackers among `clients`, `bound` holds whatever they send. */
  tolerates(clients: number, config: Config): number
  /** From so many attackers on, they can move the result as far as they like; Infinity where nobody can. */
  breaks(clients: number, config: Config): number
  /** With fewer updates there is no result: `too-few-clients`. */
  minimumClients(config: Config): number
  /** Largest L2 distance from the mean of the honest updates, in exact arithmetic. */
  bound(honest: HonestUpdates, config: Config): number
  /**
   * Where every coordinate of the result lies: between those of the honest updates, between those received, or
   * anywhere that `bound` allows.
   */
  readonly hull: 'honest' | 'received' | 'none'
  /** The breakdown point in words. */
  readonly text: string
}

/** What the bounds depend on: n clients, f attackers among them, and how far the honest updates lie apart. */
export interface HonestUpdates {
  readonly clients: number
  readonly attackers: number
  /** L2 norm of the honest mean. */
  readonly meanNorm: number
  /** Largest L2 distance of an honest update from the honest mean. */
  readonly radius: number
  /** L2 norm of the honest updates' ranges, max − min of each coordinate. */
  readonly range: number
}

/** The promise of a weighted mean: none, since one attacker with a large update decides the result. */
export const TRUSTING: Robustness<unknown> = {
  tolerates: () => 0,
  breaks: () => 1,
  minimumClients: () => 1,
  bound: () => 0,
  hull: 'received',
  text: 'none: one attacker decides the result',
}

/** The largest number that is less than half of `clients`: no rule without a trusted vote can do more. */
export const minority = (clients: number): number => Math.max(0, Math.ceil(clients / 2) - 1)

/** The option of rules that must be told how many attackers to reckon with. */
export const attackersOption = z.number().int().nonnegative().default(1).describe('attackers f that are reckoned with')
