import { FedError, type Site } from '@tessera/vocabulary'
import type { Factor } from './factor.ts'

/** ΔW = scale · F₁ F₂ … Fₙ, with F₁ of outDim rows and Fₙ of inDim columns. */
export interface Chain {
  readonly scale: number
  readonly factors: readonly Factor[]
}

/** @throws {FedError} `rank-too-large` when the site has no such rank: it is at most `largest`, or the smaller side. */
export function requireRank(site: Site, rank: number, largest = Math.min(site.outDim, site.inDim)): void {
  if (rank <= largest) return
  throw new FedError(
    'rank-too-large',
    `rank ${rank} is larger than layer ${site.name} [${site.outDim}, ${site.inDim}] can carry`,
    {
      details: { site: site.name, rank, largest },
      fix: `Choose adapter.rank <= ${largest}, or leave this layer out of targets.`,
    },
  )
}
