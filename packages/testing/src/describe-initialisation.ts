import {
  type Initialisation,
  type Measured,
  type Measurement,
  measuredInFull,
  type PassOutcome,
  passesOf,
  passOutcome,
  passProbe,
  type SitePass,
  type Spectrum,
} from '@tessera/adapters'
import { type Matrix, matrix, multiply, transpose } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import {
  asRow,
  expectNear,
  expectOrthonormal,
  largestAngle,
  leftOf,
  productOf,
  rightOf,
} from './spectrum-comparison.ts'
import { pooledClient, type SyntheticClient, secondMoment, sketchedBy, weightedMean } from './synthetic-client.ts'
import { matrixOfSpectrum, randomMatrix, testRandom } from './synthetic-matrix.ts'

/** What there is to start from at a site. */
export interface StartingPoint {
  readonly site: Site
  readonly rank: number
  /** W, [outDim, inDim]. */
  readonly weight: Matrix
  /** What was measured: −G, or the second moment of the inputs. A matrix of nothing where nothing is. */
  readonly measured: Matrix
}

/** What the initialisation's paper says, for the laws to hold it to. */
export interface InitialisationPaper {
  readonly options: Readonly<Record<string, unknown>>
  /**
   * U diag(s) Vᵀ as the paper has it, [outDim, inDim]; of a `right` start diag(s) Vᵀ. Absent: it is drawn, and nothing
   * but its bases can be checked.
   */
  readonly expected?: (at: StartingPoint) => Matrix
  /** Options that are refused, with a part of the sentence. */
  readonly refusals?: readonly {
    readonly options: Record<string, unknown>
    readonly rank: number
    readonly says: string
  }[]
}

const RANK = 2
const SITES: readonly Site[] = [
  { name: 'a tall layer', outDim: 14, inDim: 9 },
  { name: 'a wide layer', outDim: 8, inDim: 12 },
]

interface Subject {
  readonly initialisation: Initialisation
  readonly paper: InitialisationPaper
  readonly config: never
}

/**
 * The laws of an initialisation: the same bytes every time; what it promises of its bases; what its paper says; the
 * sketch of pooled data is the mean of the clients' sketches, and what comes of it is what all data in one place give.
 */
export function describeInitialisation(initialisation: Initialisation, paper: InitialisationPaper): void {
  const subject: Subject = { initialisation, paper, config: initialisation.config.parse(paper.options) as never }
  describe(`initialisation ${initialisation.name} ${JSON.stringify(paper.options)}`, () => {
    describe.each(SITES)('at $name', (site) => {
      describeSpectrum(subject, site)
      if (measurementOf(subject, site)?.place.kind === 'federated') describeSketch(subject, site)
    })
    it('explains every option', () => {
      const options = Object.entries(initialisation.config.shape)
      expect(options.filter(([, option]) => !option.description)).toEqual([])
    })
    it.each(paper.refusals ?? [])('refuses $options at rank $rank', ({ options, rank, says }) => {
      const config = initialisation.config.parse(options) as never
      expect(() => initialisation.source({ site: SITES[0]!, rank, config })).toThrow(says)
    })
  })
}

const measurementOf = ({ initialisation, config }: Subject, site: Site): Measurement | null =>
  initialisation.source({ site, rank: RANK, config }).measurement

function describeSpectrum(subject: Subject, site: Site): void {
  const { initialisation, paper } = subject
  const at = startingPoint(subject, site)
  const spectrum = spectrumOf(subject, at)
  it('gives the same bytes every time', () => {
    expect(spectrumOf(subject, at)).toEqual(spectrum)
  })
  it('has the shapes, the order and the bases that its start promises', () => {
    const { u, s, vT, start } = spectrum
    expect(start).toBe(initialisation.start)
    expect(s.length).toBeGreaterThanOrEqual(RANK)
    expect([...s]).toEqual([...s].sort((a, b) => b - a))
    expect(Math.min(...s)).toBeGreaterThanOrEqual(0)
    expect(vT).toHaveLength(s.length * site.inDim)
    expect(u).toHaveLength(start === 'right' ? 0 : s.length * site.outDim)
    if (start !== 'product') expectOrthonormal(transpose(rightOf(spectrum, site)))
    if (start === 'zero') expectOrthonormal(leftOf(spectrum, site))
  })
  const { expected } = paper
  if (expected === undefined) return
  it('is what its paper says', () => {
    expectNear(productOf(spectrum, site), expected(at), 1e-5)
  })
}

function describeSketch(subject: Subject, site: Site): void {
  const clients = cohort(site)
  it('is linear in the data: the mean of the clients’ numbers is that of their pooled data, in every pass', () => {
    for (const { probe, mean } of passes(subject, site, clients)) {
      expectNear(asRow(mean), asRow(sketchedBy(pooledClient(clients), probe)), 1e-5)
    }
  })
  it('gives the subspaces that all data in one place give, and what they are worth', () => {
    const sketched = passes(subject, site, clients).at(-1)!.outcome
    if (!sketched.done) throw new Error('the last pass measured nothing')
    const at = startingPoint(subject, site)
    const [federated, central] = [spectrumOf(subject, at, sketched.measured), spectrumOf(subject, at)]
    expectNear(asRow(federated.s), asRow(central.s), 1e-3)
    expect(largestAngle(rightOf(federated, site), rightOf(central, site))).toBeLessThan(1e-2)
    if (federated.start !== 'right') {
      expect(largestAngle(transpose(leftOf(federated, site)), transpose(leftOf(central, site)))).toBeLessThan(1e-2)
    }
  })
}

/** Every pass with what clients are asked, the mean of what they send, and what is left of it. */
function passes(subject: Subject, site: Site, clients: readonly SyntheticClient[]) {
  const measurement = measurementOf(subject, site) as SitePass['measurement']
  let panel: Float32Array | null = null
  return Array.from({ length: passesOf(measurement.place) }, (_, pass) => {
    const at = (): SitePass => ({ site, measurement, random: testRandom(3), pass, panel })
    const probe = passProbe(at())
    const mean = weightedMean(
      clients.map((client) => sketchedBy(client, probe)),
      clients,
    )
    const outcome: PassOutcome = passOutcome(at(), mean)
    panel = outcome.done ? null : outcome.panel
    return { probe, mean, outcome }
  })
}

/** Three clients of unequal sizes whose data have four directions that matter, and a little of all others. */
function cohort({ outDim, inDim }: Site): SyntheticClient[] {
  const random = testRandom(outDim)
  const directions = randomMatrix(4, inDim, random)
  const scales = [3, 2, 1.3, 0.8]
  const { matrix: shared } = matrixOfSpectrum({ rows: outDim, cols: inDim }, [9, 6, 4, 2.5], random)
  const rough = (m: Matrix, size: number): Matrix => {
    const noise = randomMatrix(m.rows, m.cols, random)
    return matrix(
      m.rows,
      m.cols,
      m.data.map((value, at) => value + size * noise.data[at]!),
    )
  }
  return [5, 2, 9].map((weight) => {
    const tokens = 7 * weight
    const coordinates = randomMatrix(tokens, 4, random)
    const scaled = matrix(
      tokens,
      4,
      coordinates.data.map((value, at) => (value + 0.3) * scales[at % 4]!),
    )
    return { weight, gradient: rough(shared, 0.01), inputs: rough(multiply(scaled, directions), 0.1) }
  })
}

function startingPoint(subject: Subject, site: Site): StartingPoint {
  const weight = randomMatrix(site.outDim, site.inDim, testRandom(17))
  const { gradient, inputs } = pooledClient(cohort(site))
  const statistic = measurementOf(subject, site)?.statistic
  const descent = { ...gradient, data: gradient.data.map((value) => -value) }
  const measured = statistic?.of === 'activations' ? secondMoment(inputs, statistic.centred) : descent
  return { site, rank: RANK, weight, measured: statistic === undefined ? matrix(0, 0) : measured }
}

function spectrumOf({ initialisation, config }: Subject, at: StartingPoint, measured?: Measured): Spectrum {
  const { site, rank, weight } = at
  return initialisation.spectrum({
    ...{ site, rank, config, random: testRandom(4) },
    weight: Float32Array.from(weight.data),
    measured: measured ?? measuredInFull(at.measured, testRandom(5)),
  })
}
