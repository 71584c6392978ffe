/** The one list of base-model architectures: a new one is a file and a line here. */
export { llama } from './llama.ts'
