import { describeDecoder } from '@tessera/testing'
import { decodeCoordinates, decodeFactors, encodeCoordinates, encodeFactors } from './artefacts.ts'
import { decodeBaseChanges, encodeBaseChanges } from './base-change.ts'

const NUMBERS = Float32Array.of(1, -2.5, 0, 2 ** -140, -0, 1024)
const SITES = [
  { name: 'a', outDim: 2, inDim: 3 },
  { name: 'b', outDim: 3, inDim: 2 },
]

/** Two copies of the numbers, and of those that have another form. */
const allowedBytes = (size: number) => 4 * size + 4096

function requireNumbers(numbers: Float32Array): void {
  if (!numbers.every(Number.isFinite)) throw new Error('a number is not finite')
}

describeDecoder('coordinates', {
  samples: [encodeCoordinates(NUMBERS)],
  decode: (bytes) => decodeCoordinates(bytes, NUMBERS.length),
  refusals: ['shape-mismatch', 'not-finite'],
  allowedBytes,
  check: requireNumbers,
})

describeDecoder('factors', {
  samples: [encodeFactors({ 'a.B': NUMBERS, 'a.A': NUMBERS.subarray(2) }, { seed: '7' }), encodeFactors({})],
  decode: decodeFactors,
  refusals: ['corrupt-safetensors', 'not-finite'],
  allowedBytes,
  check: (factors) => Object.values(factors).forEach(requireNumbers),
})

describeDecoder('changes of the base weights', {
  samples: [
    encodeBaseChanges([
      { site: 'a', rank: 1, left: Float32Array.of(1, 2), right: Float32Array.of(1, 0, 4) },
      { site: 'b', rank: 2, left: NUMBERS, right: NUMBERS.subarray(2) },
    ]),
  ],
  decode: (bytes) => decodeBaseChanges(bytes, SITES),
  refusals: ['corrupt-safetensors', 'shape-mismatch', 'not-finite'],
  allowedBytes,
  check(changes) {
    for (const { left, right } of changes) [left, right].forEach(requireNumbers)
  },
})
