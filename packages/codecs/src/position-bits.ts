/** Bits that it takes at least to say which `count` of `length` coordinates are sent: log₂ of the number of choices. */
export const positionBits = (length: number, count: number): number =>
  log2Factorial(length) - log2Factorial(count) - log2Factorial(length - count)

/** Stirling's series for n!, to less than 1e-4 of a bit. */
function log2Factorial(n: number): number {
  if (n < 2) return 0
  const series = 1 / (12 * n) - 1 / (360 * n ** 3)
  return (n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + series) / Math.LN2
}
