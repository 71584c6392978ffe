/**
 * What every initialisation gives for a site: U diag(s) Vᵀ, of the base weight, of the descent direction on data, of
 * activations, or random. A method makes its factors from it.
 */
export interface Spectrum {
  /** U, [outDim, rank]; empty for a `right` start. */
  readonly u: Float32Array
  /** [rank], descending. */
  readonly s: Float32Array
  /** Vᵀ, [rank, inDim]. */
  readonly vT: Float32Array
  /**
   * How it is meant. `zero`: bases for an adapter that starts at ΔW = 0, the columns of U and the rows of Vᵀ orthonormal.
   * `product`: an adapter starts at U diag(s) Vᵀ and has this start taken away again; the sides are as the paper splits
   * the product. `right`: only the rows of Vᵀ, orthonormal, and what each of them is worth.
   */
  readonly start: 'zero' | 'product' | 'right'
}
