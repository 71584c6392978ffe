import { addCombination } from '@tessera/math'
import { INNER_LENGTH, innerVector, quadraticWork, symmetricDraw } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { ferret } from './ferret.ts'
import type { Frame } from './subspace.ts'

const frame = ferret.frame as Frame

/** Projection and reconstruction of a change in one round of a run with this seed. */
async function reconstructed(change: Float32Array, seed: number, options: Record<string, unknown>) {
  const directions = frame.directions(ferret.config.parse(options) as never, {
    inner: innerVector(seed),
    round: 1,
    history: [],
  })
  const { coefficients, metrics } = await directions.search(quadraticWork(change))
  const rebuilt = new Float32Array(INNER_LENGTH)
  directions.addInto(rebuilt, coefficients)
  return { coefficients, metrics, rebuilt }
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
const change = symmetricDraw(INNER_LENGTH, 5)
const SEEDS = 600

/** Blocks of 120 and 48 by default, of one piece each. */
const measure = async (options: Record<string, unknown>) =>
  Promise.all(Array.from({ length: SEEDS }, (_, seed) => reconstructed(change, seed, options)))

describe('ferret', () => {
  it('gives the change back on average over seeds, within 4 standard errors in every coordinate', async () => {
    const found = await measure({ coordinates: 42 })
    for (let at = 0; at < INNER_LENGTH; at++) {
      const values = found.map(({ rebuilt }) => rebuilt[at]!)
      const mean = values.reduce((sum, value) => sum + value, 0) / SEEDS
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (SEEDS - 1)
      // one such test in a hundred would fail by chance; the seeds of this one are fixed
      expect(Math.abs(mean - change[at]!)).toBeLessThan(4 * Math.sqrt(variance / SEEDS))
    }
  })

  it('has a squared error of d/K and a cosine of √(K/(K+d)), d/K being 4 in both blocks', async () => {
    const found = await measure({ coordinates: 42 })
    const mean = (name: string) => found.reduce((sum, { metrics }) => sum + metrics[name]!, 0) / SEEDS
    const squared = found.reduce((sum, { metrics }) => sum + metrics['reconstruction-error']! ** 2, 0) / SEEDS
    // exactly (d − 0.2) / K, uniform entries having a kurtosis of 1.8
    expect(squared).toBeGreaterThan(4 * 0.93)
    expect(squared).toBeLessThan(4 * 1.07)
    expect(mean('reconstruction-cosine')).toBeCloseTo(Math.sqrt(1 / 5), 1)
  })

  // Golden values, computed apart from this code: 2,000 parameters, normal entries cut off at ±1/√d.
  it.each([
    [200, 3.17],
    [1000, 1.43],
  ])('with %i numbers of 2000 parameters is off by %f times the change', async (coordinates, error) => {
    const matrices = [{ name: 'a', offset: 0, rows: 40, cols: 50, changesWeight: true }]
    const config = ferret.config.parse({ coordinates }) as never
    const long = symmetricDraw(2000, 8)
    const squares: number[] = []
    for (let seed = 0; seed < 20; seed++) {
      const inner = { ...innerVector(seed), matrices }
      const { metrics } = await frame.directions(config, { inner, round: 1, history: [] }).search(quadraticWork(long))
      squares.push(metrics['reconstruction-error']! ** 2)
    }
    expect(Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / 20)).toBeCloseTo(error, 1)
  })

  it('shrinks to the least mean squared error: K/(K+d) of the numbers, an error of d/(K+d)', async () => {
    const [plain, shrunk] = [{ coordinates: 42 }, { coordinates: 42, shrink: true }]
    const [of, by] = [await reconstructed(change, 1, plain), await reconstructed(change, 1, shrunk)]
    for (const [at, value] of by.coefficients.entries()) expect(value).toBeCloseTo(of.coefficients[at]! / 5, 5)
    const found = await measure(shrunk)
    const squared = found.reduce((sum, { metrics }) => sum + metrics['reconstruction-error']! ** 2, 0) / SEEDS
    expect(squared).toBeCloseTo(4 / 5, 1)
  })

  it('is linear in the change', async () => {
    const other = symmetricDraw(INNER_LENGTH, 6)
    const sum = change.map((value, at) => 3 * value - other[at]!)
    const [a, b, both] = await Promise.all([change, other, sum].map((of) => reconstructed(of, 1, { coordinates: 20 })))
    for (const [at, value] of both!.coefficients.entries()) {
      expect(value).toBeCloseTo(3 * a!.coefficients[at]! - b!.coefficients[at]!, 3)
    }
  })

  it('projects by hand: γ = Vᵀ Δ / (ρ K), v = u / √d, ρ = (1 − 2⁻³²) / (3 d)', async () => {
    const { coefficients } = await reconstructed(change, 9, { coordinates: 2 })
    const key = { seed: 9, purpose: 'ferret', round: 1, client: 0, block: 1 }
    const u = new Float32Array(48)
    addCombination(u, { key, distribution: 'uniform' }, Float32Array.of(1))
    const rho = (1 - 2 ** -32) / (3 * 48)
    expect(coefficients[1]).toBeCloseTo(dot(u, change.subarray(120)) / Math.sqrt(48) / rho, 4)
  })

  it('shares its budget by √d ‖Δ‖ of the round before, and by lengths in the first', () => {
    const options = ferret.config.parse({ coordinates: 14 }) as never
    const splitAfter = (history: Float32Array[]): unknown => {
      const { schedule } = frame.directions(options, { inner: innerVector(), round: history.length + 1, history })
      return JSON.parse(schedule).split
    }
    expect(splitAfter([])).toEqual([10, 4]) // 1 + 12 · 120/168 = 9.57, 1 + 12 · 48/168 = 4.43
    // all of the change in the second block: the first keeps the one that every block has
    expect(splitAfter([Float32Array.from({ length: 14 }, (_, at) => (at < 10 ? 0 : 1))])).toEqual([1, 13])
    // √(10 · 10 · 1²) = 10 against √(4 · 4 · 2.5²) = 10
    expect(splitAfter([Float32Array.from({ length: 14 }, (_, at) => (at < 10 ? 1 : 2.5))])).toEqual([7, 7])
  })

  it('averages the errors of clients with vectors of their own', async () => {
    const config = ferret.config.parse({ coordinates: 42, seeds: 'per-client' }) as never
    const errorOf = (rebuilt: Float32Array) => rebuilt.reduce((sum, value, at) => sum + (value - change[at]!) ** 2, 0)
    let [one, both] = [0, 0]
    for (let seed = 0; seed < 200; seed++) {
      const directions = frame.directions(config, { inner: innerVector(seed), round: 1, history: [] })
      const parts = await Promise.all([0, 1].map((place) => directions.search(quadraticWork(change, { place }))))
      const numbers = Float32Array.from(parts.flatMap(({ coefficients }) => [...coefficients]))
      const [first, mean] = [new Float32Array(INNER_LENGTH), new Float32Array(INNER_LENGTH)]
      directions.addInto(
        first,
        numbers.map((value, at) => (at < 42 ? value : 0)),
      )
      directions.addInto(
        mean,
        numbers.map((value) => value / 2),
      )
      one += errorOf(first)
      both += errorOf(mean)
    }
    expect(both / one).toBeGreaterThan(0.45)
    expect(both / one).toBeLessThan(0.55)
  })

  it.each([
    [169, 'can not make 169 numbers of 168 parameters'],
    [1, 'at least one number for each of 2 blocks, not 1 in all'],
  ])('refuses a budget of %i, and says what fits', (coordinates, message) => {
    const shape = () => frame.shape(ferret.config.parse({ coordinates }) as never, innerVector())
    expect(shape).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining(message) }),
    )
    expect(shape).toThrow(expect.objectContaining({ fix: expect.stringContaining('between 2 and 168') }))
  })
})
