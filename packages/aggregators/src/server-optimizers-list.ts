/** The server optimizers: one line each, and no second list anywhere. */
export { serverAdagrad } from './server-adagrad.ts'
export { serverAdam } from './server-adam.ts'
export { serverMomentum } from './server-momentum.ts'
export { serverNone } from './server-none.ts'
export { serverYogi } from './server-yogi.ts'
