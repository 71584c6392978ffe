import { fromFloat32, multiply, orientColumnsInto, qr, svd, toFloat32, transpose } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import { chainAdapter } from './chain-adapter.ts'
import type { Factor } from './factor.ts'
import { measuredTriples } from './measured.ts'
import { type Probe, requirePanel, type SitePass, type Sketch } from './probe.ts'

/**
 * The leading singular triples of the clients' mean descent direction D = −Σ pᵢ Gᵢ, while no client ever sends a
 * [outDim, inDim] gradient. Randomised range finding (Halko, Martinsson and Tropp 2011,
 * https://arxiv.org/abs/0909.4061) is linear in D, so weighted means of the clients' sketches are enough:
 *
 *   even pass: clients send Yᵢ = Dᵢ P   [outDim, k], P [inDim, k] from the run's seed, later from the pass before;
 *              the coordinator keeps Q = orth(mean Y).
 *   odd pass:  clients send Zᵢ = Qᵀ Dᵢ  [k, inDim]; the last one ends with the SVD of the small Z, U = Q·U_Z;
 *              a power pass before it keeps P = orth(mean Zᵀ) and starts over.
 *
 * k = min(triples + oversample, outDim, inDim). Both products are gradients of a low-rank adapter that is zero:
 * d/dY of W + Y Pᵀ is G P, and d/dZ of W + Q Z is Qᵀ G. So a sketch costs what a training step costs.
 */
export const gradientSketch: Sketch = {
  probe(at) {
    const { site, pass, panel, random } = at
    const width = widthOf(at)
    if (pass % 2 === 1) return leftProbe(site, width, requirePanel(at))
    if (panel !== null) return rightProbe(site, width, panel)
    const omega = new Float32Array(width * site.inDim)
    random.fillUniform(omega, 1)
    return rightProbe(site, width, omega)
  },
  reduce(at, mean) {
    const { site, pass, measurement } = at
    const width = widthOf(at)
    if (pass % 2 === 0) return { done: false, panel: toFloat32(qr(fromFloat32(site.outDim, width, mean)).q) }
    const z = fromFloat32(width, site.inDim, mean)
    const last = pass === 2 * measurement.place.powerPasses + 1
    if (!last) return { done: false, panel: toFloat32(transpose(qr(transpose(z)).q)) }
    const { u: inner, s, v } = svd(z)
    const u = multiply(fromFloat32(site.outDim, width, requirePanel(at)), inner)
    orientColumnsInto(u, v)
    return { done: true, measured: measuredTriples({ u, s, v }) }
  },
}

function widthOf({ site, measurement: { triples, place } }: SitePass): number {
  return Math.min(triples + place.oversample, site.outDim, site.inDim)
}

/** W + Y Pᵀ with Y [outDim, width] trained from zero and Pᵀ [width, inDim] frozen. */
function rightProbe(site: Site, width: number, panel: Float32Array): Probe {
  const y = { name: 'Y', rows: site.outDim, cols: width, train: true, exactness: 'linear' } as const
  return gradientProbe([y, { name: 'P', rows: width, cols: site.inDim, train: false }], { P: panel })
}

/** W + Q Z with Q [outDim, width] frozen and Z [width, inDim] trained from zero. */
function leftProbe(site: Site, width: number, panel: Float32Array): Probe {
  const z = { name: 'Z', rows: width, cols: site.inDim, train: true, exactness: 'linear' } as const
  return gradientProbe([{ name: 'Q', rows: site.outDim, cols: width, train: false }, z], { Q: panel })
}

const gradientProbe = (factors: readonly Factor[], frozen: Probe['frozen']): Probe => ({
  statistic: { of: 'gradient' },
  adapter: chainAdapter({ scale: 1, factors }),
  frozen,
})
