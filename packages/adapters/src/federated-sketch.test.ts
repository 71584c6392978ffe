import {
  frobeniusNorm,
  fromFloat32,
  type Matrix,
  matrix,
  multiply,
  multiplyLeftTransposed,
  multiplyRightTransposed,
  svd,
} from '@tessera/math'
import {
  descentProduct,
  exactSpectrum,
  matrixOfSpectrum,
  pooledDescent,
  randomMatrix,
  testRandom,
  weightedMean,
} from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { type PassOutcome, passesOf, passOutcome, passProbe, type SitePass, type Spectrum } from './index.ts'
import { federatedSketch } from './initialisations-list.ts'

interface Client {
  readonly gradient: Matrix
  readonly weight: number
}
interface Sketch {
  readonly rank: number
  readonly oversample: number
  readonly powerPasses: number
  readonly seed?: number
}

const [outDim, inDim] = [30, 22]
const site = { name: 'layer', outDim, inDim }

/** Every pass as clients and coordinator do it; only what `probe` asks for leaves a client, and it is counted. */
function sketch(clients: readonly Client[], { rank, oversample, powerPasses, seed = 1 }: Sketch) {
  const config = { oversample, powerPasses, batches: 1 } as never
  const request = { site, rank, config }
  const measurement = federatedSketch.source(request).measurement as SitePass['measurement']
  const sent: number[] = []
  let outcome: PassOutcome = { done: false, panel: new Float32Array() }
  for (let pass = 0; pass < passesOf(measurement.place); pass++) {
    const panel = pass === 0 ? null : (outcome as { panel: Float32Array }).panel
    const at = (): SitePass => ({ site, measurement, random: testRandom(seed), pass, panel })
    const products = clients.map(({ gradient }) => descentProduct(gradient, passProbe(at())))
    sent.push(products[0].length)
    outcome = passOutcome(at(), weightedMean(products, clients))
  }
  if (!outcome.done) throw new Error('the last pass measured nothing')
  const { measured } = outcome
  return {
    spectrum: federatedSketch.spectrum({ ...request, random: testRandom(seed), weight: null, measured }),
    sent,
  }
}

/** Clients of unequal weights with gradients of rank 2 each, and noise on all singular values. */
function cohort(seed: number, noise: number): Client[] {
  const random = testRandom(seed)
  return [7, 1, 20].map((weight, i) => {
    const { matrix: lowRank } = matrixOfSpectrum({ rows: outDim, cols: inDim }, [9 - i, 4 - i], random)
    const rough = randomMatrix(outDim, inDim, random)
    return { weight, gradient: { ...lowRank, data: lowRank.data.map((value, at) => value + noise * rough.data[at]) } }
  })
}

const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => largest(Array.from(a, (value, at) => value - b[at]))
const leftOf = ({ u, s }: Spectrum) => fromFloat32(outDim, s.length, u)
const rightOf = ({ s, vT }: Spectrum) => fromFloat32(s.length, inDim, vT)
/** ‖Uᵀ D‖², what the left vectors hold of D. */
const capturedBy = (spectrum: Spectrum, d: Matrix) => frobeniusNorm(multiplyLeftTransposed(leftOf(spectrum), d)) ** 2

function expectOrthonormal(spectrum: Spectrum): void {
  const [u, v] = [leftOf(spectrum), rightOf(spectrum)]
  for (const gram of [multiplyLeftTransposed(u, u), multiplyRightTransposed(v, v)]) {
    const identity = gram.data.map((_, at) => (at % (gram.cols + 1) === 0 ? 1 : 0))
    expect(difference(gram.data, identity)).toBeLessThanOrEqual(1e-5)
  }
}

describe('federated-sketch', () => {
  it.each([0, 1])(
    'equals the truncated SVD of the pooled gradient, of rank 6 <= 3 + 4 (power passes: %d)',
    (powers) => {
      const clients = cohort(1, 0)
      const { spectrum } = sketch(clients, { rank: 3, oversample: 4, powerPasses: powers })
      const exact = exactSpectrum(pooledDescent(clients), 3)
      expect(difference(spectrum.s, exact.s)).toBeLessThan(1e-4)
      expect(difference(spectrum.u, exact.u)).toBeLessThan(1e-4)
      expect(difference(spectrum.vT, exact.vT)).toBeLessThan(1e-4)
      expectOrthonormal(spectrum)
    },
  )

  it('points downhill: the rank-r step that it gives lowers the pooled loss', () => {
    const clients = cohort(1, 0)
    const { spectrum } = sketch(clients, { rank: 3, oversample: 4, powerPasses: 0 })
    const scaled = {
      ...rightOf(spectrum),
      data: rightOf(spectrum).data.map((v, at) => v * spectrum.s[Math.floor(at / inDim)]),
    }
    const step = multiply(leftOf(spectrum), scaled)
    const slope = step.data.reduce((sum, value, at) => sum - value * pooledDescent(clients).data[at], 0)
    const energy = spectrum.s.reduce((sum, value) => sum + value * value, 0)
    expect(slope / -energy).toBeCloseTo(1, 5) // ⟨step, G⟩ = −Σ s²
  })

  it('stays within the range finder’s bound on noisy gradients, in the mean of 20 seeds', () => {
    const [rank, oversample] = [4, 4]
    const pooled = pooledDescent(cohort(2, 0.5))
    const all = svd(pooled).s.map((value) => value * value)
    const tail = all.subarray(rank).reduce((sum, value) => sum + value, 0)
    const total = all.reduce((sum, value) => sum + value, 0)
    const missed = Array.from({ length: 20 }, (_, seed) => {
      const { spectrum } = sketch(cohort(2, 0.5), { rank, oversample, powerPasses: 0, seed })
      return total - capturedBy(spectrum, pooled)
    })
    const mean = missed.reduce((sum, value) => sum + value, 0) / missed.length
    // Halko, Martinsson and Tropp 2011, theorem 10.5, and the tail once more for cutting r + p columns to r
    expect(mean).toBeLessThanOrEqual((2 + rank / (oversample - 1)) * tail)
    expect(Math.min(...missed)).toBeGreaterThanOrEqual(tail * (1 - 1e-5))
  })

  it('comes closer to the optimum with every power pass', () => {
    const clients = cohort(3, 0.5)
    const pooled = pooledDescent(clients)
    const optimum = svd(pooled)
      .s.subarray(0, 4)
      .reduce((sum, value) => sum + value * value, 0)
    const shares = [0, 1, 2, 3].map((powerPasses) => {
      const { spectrum } = sketch(clients, { rank: 4, oversample: 2, powerPasses })
      expectOrthonormal(spectrum)
      return capturedBy(spectrum, pooled) / optimum
    })
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares[0]).toBeLessThan(0.85)
    expect(shares[3]).toBeGreaterThan(0.99)
    expect(shares[3]).toBeLessThanOrEqual(1 + 1e-6)
  })

  it('lets a client send (r + p)(outDim + inDim) numbers in a pair of passes, never outDim · inDim', () => {
    const { sent } = sketch(cohort(4, 0.5), { rank: 4, oversample: 3, powerPasses: 1 })
    expect(sent).toEqual([7 * 30, 7 * 22, 7 * 30, 7 * 22])
    expect(largest(sent)).toBeLessThan(outDim * inDim)
  })

  it('is never wider than the layer', () => {
    const { sent, spectrum } = sketch(cohort(4, 0), { rank: 22, oversample: 8, powerPasses: 0 })
    expect(sent).toEqual([22 * 30, 22 * 22])
    expectOrthonormal(spectrum)
  })

  it('gives orthonormal factors and singular values 0 where nobody has a gradient', () => {
    const { spectrum } = sketch([{ gradient: matrix(outDim, inDim), weight: 1 }], {
      rank: 4,
      oversample: 2,
      powerPasses: 1,
    })
    expect(Array.from(spectrum.s)).toEqual([0, 0, 0, 0])
    expectOrthonormal(spectrum)
  })

  it('refuses a later pass without the panel of the pass before', () => {
    const config = { oversample: 2, powerPasses: 0, batches: 1 } as never
    const measurement = federatedSketch.source({ site, rank: 2, config }).measurement as SitePass['measurement']
    expect(() => passProbe({ site, measurement, random: testRandom(0), pass: 1, panel: null })).toThrow('panel')
  })
})
