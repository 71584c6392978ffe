import { type BaseChange, changedWeight } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import type { Site } from '@tessera/vocabulary'

/** The base model with what a run has added to its weights; all else is shared with the model that is given. */
export function changedModel(model: BaseModel, sites: readonly Site[], changes: readonly BaseChange[]): BaseModel {
  if (changes.length === 0) return model
  const changed = sites.map((site) => {
    const name = `${site.name}.weight`
    const parameter = model.parameters[name]
    return [name, { ...parameter, data: changedWeight(site, parameter.data, changes) }] as const
  })
  return { ...model, parameters: { ...model.parameters, ...Object.fromEntries(changed) } }
}
