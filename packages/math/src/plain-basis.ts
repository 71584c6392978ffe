import { fillEntriesInto } from './basis-entries.ts'
import { type BasisForm, basisPieces, foldSums } from './basis-form.ts'

/** Entries of one vector that are held at a time: a multiple of every chunk. */
const PIECE = 512

/** Random bases in plain JavaScript: what every other form must equal, byte for byte. */
export const plainBasis: BasisForm = {
  addCombination: (target, { origin, distribution }, coefficients, { vector, entry }) => {
    const entries = new Float32Array(PIECE)
    for (const { start, at, from, to } of basisPieces(entry, target.length, PIECE)) {
      for (let k = 0; k < coefficients.length; k++) {
        const coefficient = coefficients[k]!
        if (coefficient === 0) continue
        fillEntriesInto(entries, distribution, origin, { vector: vector + k, first: start })
        for (let i = from; i < to; i++) {
          target[i] = target[i]! + Math.fround(coefficient * entries[at + i - from]!)
        }
      }
    }
  },

  projectOnto: ({ origin, distribution }, values, count, { vector, entry }) => {
    const entries = new Float32Array(PIECE)
    const sums = new Float64Array(4 * count)
    for (const { start, at, from, to } of basisPieces(entry, values.length, PIECE)) {
      for (let k = 0; k < count; k++) {
        fillEntriesInto(entries, distribution, origin, { vector: vector + k, first: start })
        for (let i = from; i < to; i++) {
          const place = at + i - from
          sums[4 * k + (place & 3)]! += Math.fround(values[i]! * entries[place]!)
        }
      }
    }
    return foldSums(sums)
  },
}
