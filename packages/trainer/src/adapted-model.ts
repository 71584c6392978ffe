import type * as tf from '@tensorflow/tfjs'
import { type AdapterLayout, type FactorSet, factorKey, sizeOf, unflatten } from '@tessera/adapters'
import type { Arrays, Constant, Signature } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import { type Coordinates, ShapeError } from '@tessera/vocabulary'
import type { FactorTensors } from './adapted-linear.ts'

/** A frozen base model with an adapter: what every step needs besides a batch and the trained coordinates. */
export interface AdaptedModel {
  readonly model: BaseModel
  readonly layout: AdapterLayout
  /** The layout's frozen factors by `factorKey`. */
  readonly frozen: FactorSet
}

/** Factors are named apart from the checkpoint's parameters, so that no factor's name can hide a parameter. */
export const factorInput = (site: string, factor: string): string => `adapter/${factorKey(site, factor)}`

/**
 * Base parameters and frozen factors as constants of a step. The arrays are the model's own: steps share them.
 *
 * @throws {ShapeError} a frozen factor is missing or has another size than the layout says.
 */
export function modelConstants({ model, layout, frozen }: AdaptedModel): Record<string, Constant> {
  const constants = parameterConstants(model)
  for (const { site, adapter } of layout.sites) {
    for (const factor of adapter.factors.filter(({ train }) => !train)) {
      const data = frozen[factorKey(site.name, factor.name)]
      if (data?.length !== sizeOf(factor)) {
        throw new ShapeError(factorKey(site.name, factor.name), sizeOf(factor), data?.length ?? 0)
      }
      constants[factorInput(site.name, factor.name)] = { shape: [factor.rows, factor.cols], dtype: 'float32', data }
    }
  }
  return constants
}

/** The base parameters alone. */
export function parameterConstants({ parameters }: BaseModel): Record<string, Constant> {
  const entries = Object.entries(parameters).map(([name, { shape, data }]): [string, Constant] => [
    name,
    { shape, dtype: 'float32', data },
  ])
  return Object.fromEntries(entries)
}

/** The trained factors as inputs of a step. */
export function trainedSignature({ sites }: AdapterLayout): Signature {
  const inputs = sites.flatMap(({ site, adapter }) =>
    adapter.factors
      .filter(({ train }) => train)
      .map(({ name, rows, cols }) => [
        factorInput(site.name, name),
        { shape: [rows, cols], dtype: 'float32' as const },
      ]),
  )
  return Object.fromEntries(inputs)
}

/** The values of the trained factors, views into the coordinates. */
export function trainedArrays(layout: AdapterLayout, coordinates: Coordinates): Arrays {
  const factors = unflatten(layout, coordinates)
  return Object.fromEntries(
    layout.segments.map(({ site, factor }) => [factorInput(site, factor), factors[factorKey(site, factor)]!]),
  )
}

/** All factors of a layout among a step's tensors, by `factorKey`. */
export function factorTensors({ sites }: AdapterLayout, tensors: Readonly<Record<string, tf.Tensor>>): FactorTensors {
  const entries = sites.flatMap(({ site, adapter }) =>
    adapter.factors.map(({ name }) => [factorKey(site.name, name), tensors[factorInput(site.name, name)]!]),
  )
  return Object.fromEntries(entries)
}
