import { z } from 'zod'
import { defineInitialisation } from './initialisation.ts'
import { weights } from './weights.ts'

/**
 * `pissa`, Meng et al. 2024 (https://arxiv.org/abs/2404.02948): B A starts at the principal part U diag(s) Vᵀ of the
 * base weight, its first singular triples, and the rest of W is frozen.
 *
 * The paper replaces W by the rest; here every base stays pristine, and the method takes its start away again.
 */
export const pissa = defineInitialisation({
  name: 'pissa',
  config: z.object({}),
  start: 'product',
  source: weights.source,
  spectrum: (context) => ({ ...weights.spectrum(context as never), start: 'product' }),
})
