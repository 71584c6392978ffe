import { fromFloat32, type Matrix, orientColumnsInto, qr, svd, toFloat32, transpose } from '@tessera/math'
import { momentsLength, readMoments } from './activation-moments.ts'
import { measuredCovariance } from './measured.ts'
import type { Statistic } from './measurement.ts'
import { requirePanel, type SitePass, type Sketch } from './probe.ts'
import { reweighted } from './site-adapter.ts'

/**
 * The leading eigenvectors of the second moment C [inDim, inDim] of the inputs of a layer over all clients' tokens,
 * while no client ever sends it: subspace iteration by products that are linear in C (Halko, Martinsson and Tropp 2011,
 * https://arxiv.org/abs/0909.4061).
 *
 *   every pass: clients send the moments of their inputs in the directions of a panel P [inDim, k] (`readMoments`), the
 *               first one from the run's seed; the coordinator has C P from their sum and keeps orth(C P) as the next.
 *   the last:   Z = (C P)ᵀ, and the right singular vectors of the small Z are the eigenvectors.
 *
 * k = min(triples + oversample, inDim). A pass costs a forward pass, nothing is differentiated.
 */
export const activationSketch: Sketch = {
  probe(at) {
    const { site, measurement } = at
    const width = widthOf(at)
    const length = momentsLength(site.inDim, width)
    const factors = [
      { name: 'moments', rows: 1, cols: length, train: true, exactness: 'linear' },
      { name: 'P', rows: site.inDim, cols: width, train: false },
    ] as const
    const adapter = reweighted({ factors, rank: 0 }, (_, { weight }) => weight)
    return { statistic: measurement.statistic, adapter, frozen: { P: panelOf(at) } }
  },
  reduce(at, mean) {
    const { measurement, pass, site } = at
    const panel = fromFloat32(site.inDim, widthOf(at), panelOf(at))
    const { product, trace } = readMoments(mean, panel, centredOf(measurement.statistic))
    const last = pass === 2 * measurement.place.powerPasses + 1
    return last
      ? { done: true, measured: eigenpairs(product, trace) }
      : { done: false, panel: toFloat32(qr(product).q) }
  },
}

/** From C P with orthonormal P: the SVD of Pᵀ C. */
function eigenpairs(product: Matrix, trace: number) {
  const { s, v } = svd(transpose(product))
  orientColumnsInto(v)
  return measuredCovariance(s, v, trace)
}

const centredOf = (statistic: Statistic): boolean => statistic.of === 'activations' && statistic.centred

const widthOf = ({ site, measurement: { triples, place } }: SitePass): number =>
  Math.min(triples + place.oversample, site.inDim)

/** Of the first pass uniform in (−1, 1), from the site's stream. */
function panelOf(at: SitePass): Float32Array {
  if (at.panel !== null || at.pass > 0) return requirePanel(at)
  const omega = new Float32Array(at.site.inDim * widthOf(at))
  at.random.fillUniform(omega, 1)
  return omega
}
