/** The local optimizers: one line each, and no second list anywhere. */
export { adamw } from './adamw.ts'
export { galore } from './galore.ts'
export { loraPlus } from './lora-plus.ts'
export { normuon } from './normuon.ts'
export { sgd } from './sgd.ts'
