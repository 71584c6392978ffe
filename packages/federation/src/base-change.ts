import type { BaseChange } from '@tessera/aggregators'
import { fromFloat32, multiply, toFloat32 } from '@tessera/math'
import { readSafetensors, type SafetensorsTensor, writeSafetensors } from '@tessera/models'
import { err, FedError, ok, type Result, type Site } from '@tessera/vocabulary'
import { requireFinite } from './artefacts.ts'

export type { BaseChange }

/** What a run has added to the base weights so far, at most one change a site: `<site>.left` and `<site>.right`, float32. */
export function encodeBaseChanges(changes: readonly BaseChange[]): Uint8Array {
  const tensors = changes.flatMap(({ site, rank, left, right }): [string, SafetensorsTensor][] => [
    [`${site}.left`, { dtype: 'F32', shape: [left.length / rank, rank], data: left }],
    [`${site}.right`, { dtype: 'F32', shape: [rank, right.length / rank], data: right }],
  ])
  return writeSafetensors(Object.fromEntries(tensors))
}

/** The same, read. Errors: those of `decodeFactors`; `shape-mismatch`: not two factors of a site's shape. */
export function decodeBaseChanges(bytes: Uint8Array, sites: readonly Site[]): Result<readonly BaseChange[], FedError> {
  const file = readSafetensors(bytes)
  if (!file.ok) return file
  const { tensors } = file.value
  for (const [name, { data }] of Object.entries(tensors)) {
    const finite = requireFinite(name, data)
    if (!finite.ok) return finite
  }
  const changes = sites.flatMap(({ name, outDim, inDim }) => {
    const [left, right] = [tensors[`${name}.left`], tensors[`${name}.right`]]
    const rank = left?.shape[1] ?? 0
    const fits = String(left?.shape) === `${outDim},${rank}` && String(right?.shape) === `${rank},${inDim}`
    return fits && rank > 0 ? [{ site: name, rank, left: left.data, right: right.data }] : []
  })
  if (2 * changes.length === Object.keys(tensors).length) return ok(changes)
  return err(new FedError('shape-mismatch', 'a change of the base weights fits no layer of this run'))
}

/**
 * The changes so far and the rest of one more round: side by side, [L₁ L₂] and [R₁; R₂], so nothing is rounded. Where that
 * takes more columns than the layer has ranks, the product itself and an identity.
 */
export function addBaseChanges(
  before: readonly BaseChange[],
  rest: readonly BaseChange[],
  sites: readonly Site[],
): readonly BaseChange[] {
  return sites.flatMap((site) => {
    const own = [...before, ...rest].filter((change) => change.site === site.name)
    return own.length === 0
      ? []
      : [
          narrowed(
            site,
            own.reduce((one, other) => beside(site, one, other)),
          ),
        ]
  })
}

function beside({ outDim }: Site, one: BaseChange, other: BaseChange): BaseChange {
  const rank = one.rank + other.rank
  const left = new Float32Array(outDim * rank)
  for (let row = 0; row < outDim; row++) {
    left.set(one.left.subarray(row * one.rank, (row + 1) * one.rank), row * rank)
    left.set(other.left.subarray(row * other.rank, (row + 1) * other.rank), row * rank + one.rank)
  }
  const right = new Float32Array(one.right.length + other.right.length)
  right.set(one.right)
  right.set(other.right, one.right.length)
  return { site: one.site, rank, left, right }
}

function narrowed(site: Site, change: BaseChange): BaseChange {
  const { name, outDim, inDim } = site
  const rank = Math.min(outDim, inDim)
  if (change.rank <= rank) return change
  const product = productOf(site, change)
  const unit = new Float32Array(rank * rank).map((_, at) => (at % (rank + 1) === 0 ? 1 : 0))
  return outDim < inDim
    ? { site: name, rank, left: unit, right: product }
    : { site: name, rank, left: product, right: unit }
}

function productOf({ outDim, inDim }: Site, { rank, left, right }: BaseChange): Float32Array {
  return toFloat32(multiply(fromFloat32(outDim, rank, left), fromFloat32(rank, inDim, right)))
}

/** W + left · right, [outDim, inDim], summed in float64 and rounded once; W itself where nothing was added. */
export function changedWeight(site: Site, weight: Float32Array, changes: readonly BaseChange[]): Float32Array {
  const own = changes.find((change) => change.site === site.name)
  if (own === undefined) return weight
  const { outDim, inDim } = site
  const product = multiply(fromFloat32(outDim, own.rank, own.left), fromFloat32(own.rank, inDim, own.right))
  return weight.map((value, at) => value + product.data[at])
}
