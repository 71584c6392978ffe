/** Words for the vectors that cross the platform; `Update` and `Coordinates` are different types on purpose. */

declare const meaning: unique symbol

/** The trainable numbers of an adapter, flat, float32: all sites one after the other in the layout's order. */
export type Coordinates = Float32Array & { readonly [meaning]?: 'Coordinates' }
/** Trained minus received coordinates; this sign everywhere. */
export type Update = Float32Array & { readonly [meaning]?: 'Update' }

/** One adapted layer, y = W x with W of shape [outDim, inDim]. `name` is the checkpoint's, without `.weight`. */
export interface Site {
  readonly name: string
  readonly outDim: number
  readonly inDim: number
}
