import type { Spectrum } from './spectrum.ts'

/**
 * Which ranks are kept where the best ones of all layers together are: `rank` times as many as there are layers, those
 * with the largest s. A layer can come out with none. Of equal ones the first are kept, layer by layer.
 *
 * @param spectra By site name, each with as many ranks as the layer could get; s is comparable between layers.
 * @returns The number of leading ranks kept, by site name.
 */
export function keptRanks(spectra: Readonly<Record<string, Spectrum>>, rank: number): Readonly<Record<string, number>> {
  const shares = Object.entries(spectra).map(([name, { s }]) => [name, s] as const)
  const best = Object.entries(bestRanks(Object.fromEntries(shares), rank * shares.length))
  return Object.fromEntries(best.map(([name, ranks]) => [name, ranks.length]))
}

/**
 * The `count` ranks of all sites together that have the largest shares: by site name their numbers from 0, the largest
 * share first. Of equal ones the first are taken, site by site.
 */
export function bestRanks(
  shares: Readonly<Record<string, ArrayLike<number>>>,
  count: number,
): Readonly<Record<string, readonly number[]>> {
  const all = Object.entries(shares).flatMap(([name, own]) => Array.from(own, (share, rank) => ({ name, share, rank })))
  const best: Record<string, number[]> = Object.fromEntries(Object.keys(shares).map((name) => [name, []]))
  for (const { name, rank } of all.toSorted((a, b) => b.share - a.share).slice(0, count)) best[name].push(rank)
  return best
}

/** The first ranks of a spectrum. */
export function firstRanks({ u, s, vT, start }: Spectrum, rank: number): Spectrum {
  const [outDim, inDim] = [u.length / s.length, vT.length / s.length]
  return {
    u: Float32Array.from({ length: outDim * rank }, (_, at) => u[Math.floor(at / rank) * s.length + (at % rank)]),
    s: s.slice(0, rank),
    vT: vT.slice(0, rank * inDim),
    start,
  }
}
