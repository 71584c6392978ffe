export { compareReconstruction } from './reconstruction.ts'
export { createReplay, type Replay } from './replay.ts'
export {
  type Directions,
  type DirectionsPlace,
  defineSubspace,
  type Found,
  type Frame,
  type InnerMatrix,
  type InnerVector,
  type RoundWork,
  type StepBound,
  type Subspace,
  type SubspaceSetting,
  type SubspaceShape,
} from './subspace.ts'
export { subspaces } from './subspaces.ts'
