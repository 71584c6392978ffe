import type { FactorSet } from '@tessera/adapters'
import type { BlobHash } from '@tessera/vocabulary'

/** What a run starts from. */
export interface Start {
  /** All factors of all sites. */
  readonly factors: FactorSet
  /** The adapter's rank at every site, where the initialisation gives each its own. */
  readonly ranks?: SiteRanks
  /** The file that the initialisation measured something on. */
  readonly data?: DataUsed
}

/** Ranks by site name; 0 where a site has no adapter. */
export type SiteRanks = Readonly<Record<string, number>>

/** The first rows of a file at the coordinator. */
export interface DataUsed {
  /** SHA-256 of the file. */
  readonly hash: BlobHash
  readonly rows: number
}
