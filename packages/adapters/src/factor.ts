import type { RandomStream } from '@tessera/math'

/**
 * When averaging a trained group's coordinates equals averaging weight changes:
 * always (`linear`), as long as another group is frozen, never (`product`), or only by a retraction (`manifold`).
 */
export type Exactness = 'linear' | `linear-if-frozen(${string})` | 'product' | 'manifold'

/** What a derived factor is made from; every party of a run has the same. */
export interface DerivationSource {
  /** Random numbers of this factor at this site. */
  readonly site: RandomStream
  /** Random numbers of this factor that are the same at all sites. */
  readonly run: RandomStream
  /** The site's base weight, [outDim, inDim]. Throws `invalid-argument` where a party holds no base model. */
  weight(): Float32Array
}

export interface TrainedRole {
  readonly train: true
  readonly exactness: Exactness
  /** Each row is a line through the origin: neither its length nor its sign matters to the weight change. */
  readonly lines?: 'rows'
  /** The axes that count ranks: the leading block of a smaller rank ends there. Absent where there are no ranks. */
  readonly nested?: 'rows' | 'cols' | 'both'
}

export interface FrozenRole {
  readonly train: false
  /** Made by every party alike and never sent; absent for a factor that is sent once, before round 1. */
  readonly derive?: (source: DerivationSource) => Float32Array
}

/** One matrix of an adapter, [rows, cols], row-major. */
export type Factor = { readonly name: string; readonly rows: number; readonly cols: number } & (
  | TrainedRole
  | FrozenRole
)

/** The values of one site's factors by factor name, float32, row-major. */
export type SiteFactors = Readonly<Record<string, Float32Array>>

export const sizeOf = ({ rows, cols }: Pick<Factor, 'rows' | 'cols'>): number => rows * cols
