import { FedError } from '@tessera/vocabulary'

/** A worker that computes losses only is asked for more. @param who What asks. */
export const needsGradients = (who: string): FedError =>
  new FedError('invalid-config', `this worker computes losses only, and ${who} needs gradients`, {
    fix: 'Join without --forward-only, or choose a subspace that goes by losses.',
  })
