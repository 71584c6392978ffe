import { factorKey, layoutOf, type SiteAdapter } from '@tessera/adapters'
import { type BaseModel, otherWeights, readSafetensors, type SafetensorsTensor } from '@tessera/models'
import { err, FedError, ok, type Result, type Site } from '@tessera/vocabulary'
import type { FrozenAdapter } from './peft-import.ts'

type Tensors = Readonly<Record<string, SafetensorsTensor>>

/**
 * The merged weights of a base model as an adapter that puts other weights, and biases of linear layers, in place of
 * those that differ. All that the file does not call adapted must be the base model's; a file that says nothing of it may
 * have changed linear layers. Errors: `invalid-adapter`, `corrupt-safetensors`.
 *
 * @param weights model.safetensors as `exportMerged` writes it.
 */
export function importMerged(weights: Uint8Array, model: BaseModel): Result<FrozenAdapter, FedError> {
  const file = readSafetensors(weights)
  if (!file.ok) return file
  const { tensors, metadata } = file.value
  const sites = model.architecture.sites(model.config)
  const told = new Set(metadata.adapted?.split(' ') ?? sites.map(({ name }) => name))
  for (const [name, { shape, data }] of Object.entries(model.parameters)) {
    const tensor = tensors[name]
    if (String(tensor?.shape) !== String(shape)) return err(foreign(`${name} is not [${shape}]`))
    if (!told.has(name.replace(/\.weight$/, '')) && !equal(tensor.data, data))
      return err(foreign(`${name} has other values`))
  }
  const crooked = sites.find(({ name, outDim }) => (biasOf(tensors, name)?.length ?? outDim) !== outDim)
  if (crooked !== undefined) return err(foreign(`${crooked.name}.bias is not [${crooked.outDim}]`))
  const adapted = [...sites, ...otherWeights(model)].filter(({ name }) => {
    const bias = biasOf(tensors, name)?.some((value) => value !== 0) ?? false
    return bias || !equal(tensors[`${name}.weight`].data, model.parameters[`${name}.weight`].data)
  })
  const frozen = adapted.flatMap(({ name }) => {
    const weight = [factorKey(name, 'W'), tensors[`${name}.weight`].data] as const
    const bias = biasOf(tensors, name)
    return bias === undefined ? [weight] : [weight, [factorKey(name, 'b'), bias] as const]
  })
  const layout = layoutOf(adapted.map((site) => ({ site, adapter: plainLayer(site, biasOf(tensors, site.name)) })))
  return ok({ layout, frozen: Object.fromEntries(frozen) })
}

const biasOf = (tensors: Tensors, site: string): Float32Array | undefined => tensors[`${site}.bias`]?.data

const equal = (one: Float32Array, other: Float32Array): boolean => one.every((value, at) => value === other[at])

/** y = W' x + b, whatever the base weight. */
function plainLayer({ outDim, inDim }: Site, bias: Float32Array | undefined): SiteAdapter {
  const weight = { name: 'W', rows: outDim, cols: inDim, train: false as const }
  const shift = { name: 'b', rows: 1, cols: outDim, train: false as const }
  return {
    factors: bias === undefined ? [weight] : [weight, shift],
    chain: null,
    rank: Math.min(outDim, inDim),
    forward(ops, { x, factors: { W, b } }) {
      const y = ops.matMul(x, W, { transposeB: true })
      return bias === undefined ? y : ops.add(y, b)
    },
    merged: (_ops, { factors: { W, b } }) => ({ weight: W, bias: bias === undefined ? null : b }),
  }
}

const foreign = (message: string): FedError =>
  new FedError('invalid-adapter', `these are not merged weights of this base model: ${message}`, {
    fix: 'Give the base model that the run was made with, or evaluate the folder as a model of its own.',
  })
