/** |x| of a float32 by its bits, which are ordered as the numbers are. */
const MAGNITUDE = 0x7fffffff
const LOWER_BITS = 15
const UPPER = 2 ** 16
const LOWER = 2 ** LOWER_BITS

/**
 * Indexes of the `count` entries of largest magnitude, ascending; of equal magnitudes the earlier ones, and never a
 * zero, so that there may be fewer. Exact: two histograms over the bits of |x| find the smallest magnitude that is
 * kept, in three passes and without a sort.
 */
export function largestEntries(values: Float32Array, count: number): Uint32Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const bucket = lastKept(upperHistogram(bits), count)
  const lowest = lastKept(lowerHistogram(bits, bucket.index), bucket.rest)
  return collect(bits, bucket.index * LOWER + lowest.index, { count, ties: lowest.rest })
}

function upperHistogram(bits: Int32Array): Uint32Array {
  const counts = new Uint32Array(UPPER)
  for (let i = 0; i < bits.length; i++) {
    const upper = (bits[i]! & MAGNITUDE) >> LOWER_BITS
    counts[upper] = counts[upper]! + 1
  }
  return counts
}

/** Of the magnitudes with these upper bits. */
function lowerHistogram(bits: Int32Array, upper: number): Uint32Array {
  const counts = new Uint32Array(LOWER)
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & MAGNITUDE
    if (magnitude >> LOWER_BITS !== upper) continue
    const lower = magnitude & (LOWER - 1)
    counts[lower] = counts[lower]! + 1
  }
  return counts
}

/** The bucket in which the count-th largest lies, and how many of it are wanted; all of bucket 0 when there are fewer. */
function lastKept(counts: Uint32Array, count: number): { index: number; rest: number } {
  let rest = count
  for (let index = counts.length - 1; index > 0; index--) {
    if (counts[index]! >= rest) return { index, rest }
    rest -= counts[index]!
  }
  return { index: 0, rest }
}

function collect(bits: Int32Array, lowest: number, { count, ties }: { count: number; ties: number }): Uint32Array {
  const kept = new Uint32Array(count + 1)
  let [length, equal] = [0, 0]
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & MAGNITUDE
    // written always and counted if larger: which entries are is not to be guessed, and a branch would be guessing
    kept[length] = i
    length += (lowest - magnitude) >>> 31
    if (magnitude === lowest && magnitude > 0 && equal++ < ties) length += 1
  }
  return kept.subarray(0, length)
}
