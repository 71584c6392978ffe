import { z } from 'zod'

/** Options of what is measured on a file at the coordinator. */
export const calibrationFile = {
  file: z.string().min(1).describe('public JSONL file at the coordinator'),
  rows: z.number().int().positive().default(256).describe('rows used, from the start of the file'),
}

/** Options of what is measured on the clients' data. */
export const federatedPasses = {
  oversample: z.number().int().nonnegative().default(8).describe('extra columns of the range finder'),
  powerPasses: z.number().int().min(0).max(3).default(0).describe('extra pairs of passes, for slow spectra'),
  batches: z.number().int().positive().default(16).describe('batches of each client in a pass'),
}

/** Where the data are. */
const dataPlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('calibration'), ...calibrationFile }),
  z
    .strictObject({ kind: z.literal('federated'), ...federatedPasses })
    .describe('the clients’ data, by linear sketches'),
])

/** Of initialisations that can take their data from either. */
export const dataOption = dataPlace
  .prefault({ kind: 'federated' })
  .describe('a public file at the coordinator, or the clients’ own data')

export type DataPlace = z.infer<typeof dataPlace>
export type FederatedPlace = Extract<DataPlace, { kind: 'federated' }>

/** Which tokens count: all, or those of completions only. Padding never does. */
export const countedTokens = z.enum(['completion', 'all'])

/**
 * A matrix that data have at every site: the descent direction −∂loss/∂W, [outDim, inDim]; or of the layer's inputs x
 * the second moment E[x xᵀ], [inDim, inDim], about zero or, if `centred`, about their mean.
 */
export type Statistic =
  | { readonly of: 'gradient' }
  | { readonly of: 'activations'; readonly centred: boolean; readonly tokens: z.infer<typeof countedTokens> }

export interface Measurement {
  readonly statistic: Statistic
  readonly place: DataPlace
  /** Leading singular triples that the spectrum is made from: a sketch is as wide. */
  readonly triples: number
}
