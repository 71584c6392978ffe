/**
 * The length a batch is padded to: the next multiple of 32 up to 256 tokens, then the next power of two. Every length
 * that occurs is one compiled graph, so there are at most eight of them in a run of short sequences.
 */
export function bucketLength(tokens: number): number {
  if (tokens <= 256) return Math.max(32, Math.ceil(tokens / 32) * 32)
  return nextPowerOfTwo(tokens)
}

/** How many predicted tokens a batch has room for: a power of two, at least 16. */
export const bucketTargets = (targets: number): number => Math.max(16, nextPowerOfTwo(targets))

function nextPowerOfTwo(value: number): number {
  let power = 1
  while (power < value) power *= 2
  return power
}
