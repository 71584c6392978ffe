import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  adapterMethods,
  firstRanks,
  type Initialisation,
  initialisations,
  type Measurement,
  measuredInFull,
  type Spectrum,
} from '@tessera/adapters'
import { fromFloat32, type Matrix, matrix, multiply, transpose } from '@tessera/math'
import { secondMoment, testRandom } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'

interface Layer {
  readonly name: string
  readonly outDim: number
  readonly inDim: number
  /** The rank that PEFT gave it. */
  readonly rank: number
  readonly weight: readonly number[]
  /** A gradient, [outDim, inDim]; inputs, [tokens, inDim]; nothing. */
  readonly measured: readonly number[]
  readonly A: readonly number[]
  readonly B: readonly number[]
}

interface Case {
  readonly name: string
  readonly initialisation: string
  readonly options: object
  readonly layers: readonly Layer[]
}

/** Made by make_initialisations_golden.py. */
const golden: { readonly rank: number; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'initialisations.json'), 'utf8'),
)
const { rank, cases } = golden
const lora = unwrap(adapterMethods.byName('lora'))

/** What our initialisation is told of a layer: of inputs PEFT takes the sum of x xᵀ, of gradients we take the descent. */
function measuredAt({ inDim, measured }: Layer, measurement: Measurement | null): Matrix {
  const values = matrix(measured.length / inDim, inDim, Float64Array.from(measured))
  if (measurement?.statistic.of !== 'activations') return times(values, -1)
  return times(secondMoment(values, measurement.statistic.centred), values.rows)
}

const times = ({ rows, cols, data }: Matrix, factor: number): Matrix =>
  matrix(
    rows,
    cols,
    data.map((value) => factor * value),
  )

function spectrumOf(initialisation: Initialisation, options: object, layer: Layer): Spectrum {
  const config = initialisation.config.parse(options) as never
  const { measurement } = initialisation.source({ site: layer, rank, config })
  return initialisation.spectrum({
    ...{ site: layer, rank, config, random: testRandom(1) },
    weight: Float32Array.from(layer.weight),
    measured: measuredInFull(measuredAt(layer, measurement), testRandom(2)),
  })
}

/** A and B of LoRA at every layer, at the ranks that the initialisation gives them, with alpha = rank. */
function startsOf({ initialisation: name, options, layers }: Case) {
  const initialisation = unwrap(initialisations.byName(name))
  const spectra = Object.fromEntries(layers.map((layer) => [layer.name, spectrumOf(initialisation, options, layer)]))
  const ranks = initialisation.ranks?.(spectra, rank)
  return layers.map((layer) => {
    const own = ranks === undefined ? rank : ranks[layer.name]!
    const spectrum = firstRanks(spectra[layer.name]!, own)
    const config = { rank: own, alpha: own, start: initialisation.start === 'product' ? 'product' : 'zero' }
    const { A, B } = lora.start({ site: layer, spectrum, weight: null, random: testRandom(3) }, config as never)
    return { layer, own, a: fromFloat32(own, layer.inDim, A!), b: fromFloat32(layer.outDim, own, B!) }
  })
}

const largest = ({ data }: Matrix): number => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** The largest difference, relative to the largest number of the second. */
function difference(a: Matrix, b: Matrix): number {
  const off = { ...a, data: a.data.map((value, at) => value - b.data[at]!) }
  return largest(off) / (largest(b) || 1)
}

/** The same rows, each with the sign that brings it nearest to the other's: a singular vector has none of its own. */
function signedLike(m: Matrix, other: Matrix): Matrix {
  const data = m.data.slice()
  for (let from = 0; from < data.length; from += m.cols) {
    let dot = 0
    for (let at = from; at < from + m.cols; at++) dot += data[at]! * other.data[at]!
    if (dot < 0) for (let at = from; at < from + m.cols; at++) data[at] = -data[at]!
  }
  return { ...m, data }
}

describe('an initialisation of PEFT', () => {
  it.each(cases)('$name gives the ranks and, up to signs, the factors that ours does to 1e-5', (golden) => {
    for (const { layer, own, a, b } of startsOf(golden)) {
      expect(own).toBe(layer.rank)
      const theirs = {
        a: matrix(own, layer.inDim, Float64Array.from(layer.A)),
        b: matrix(layer.outDim, own, Float64Array.from(layer.B)),
      }
      expect(difference(signedLike(a, theirs.a), theirs.a)).toBeLessThan(1e-5)
      expect(difference(signedLike(transpose(b), transpose(theirs.b)), transpose(theirs.b))).toBeLessThan(1e-5)
    }
  })

  // the vectors on both sides of LoRA-GA are of different triples, so its product has no signs either
  it.each(cases.filter(({ initialisation }) => initialisation !== 'lora-ga'))('$name gives our product', (golden) => {
    for (const { layer, own, a, b } of startsOf(golden)) {
      const [B, A] = [Float64Array.from(layer.B), Float64Array.from(layer.A)]
      const theirs = multiply(matrix(layer.outDim, own, B), matrix(own, layer.inDim, A))
      expect(difference(multiply(b, a), theirs)).toBeLessThan(1e-5)
    }
  })

  it('is there for all that PEFT has', () => {
    const names = ['corda', 'eva', 'lora-ga', 'olora', 'pissa']
    expect([...new Set(cases.map(({ initialisation }) => initialisation))].sort()).toEqual(names)
    expect(cases[0]!.layers.map((layer) => layer.rank)).toEqual([1, 3, 2])
  })
})
