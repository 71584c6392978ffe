export type { BasisDistribution } from './basis-entries.ts'
export type { BasisForm, BasisOrigin, BasisStart } from './basis-form.ts'
export { beside, scaled } from './beside.ts'
export { binaryExponent, powerOfTwo } from './binary-exponent.ts'
export { orientColumnsInto } from './column-signs.ts'
export { createExactSum, type ExactSum, type ExactSumState } from './exact-sum.ts'
export { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half.ts'
export { type LuFactors, lu } from './lu.ts'
export { fromFloat32, identity, leadingColumns, type Matrix, matrix, toFloat32, transpose } from './matrix.ts'
export { frobeniusNorm, multiply, multiplyLeftTransposed, multiplyRightTransposed } from './matrix-product.ts'
export { philox4x32, philox4x32Into, type Uint32x2, type Uint32x4 } from './philox.ts'
export { plainBasis } from './plain-basis.ts'
export { type QrFactors, qr } from './qr.ts'
export { addCombination, BASIS_VARIANCE, projectOnto, type RandomBasis } from './random-basis.ts'
export { createRandomStream, type RandomStream } from './random-stream.ts'
export { type RandomizedSvdOptions, randomizedSvd, rangeBasis, sketchMatrix } from './randomized-svd.ts'
export { fnv1a32, type StreamKey, type StreamOrigin, streamOrigin } from './stream-key.ts'
export {
  chooseGridExponent,
  EXACT_INTEGER_LIMIT,
  gridLength,
  roundHalfEven,
  type Segment,
  type SumGrid,
  toGridInto,
  uniformGrid,
} from './sum-grid.ts'
export { type Svd, svd } from './svd.ts'
export { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.ts'
