import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BaseModel } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { adaptedLinear } from '../../packages/trainer/src/adapted-linear.ts'
import { type ExportedMethod, exportedMethods, readConfig } from './exported-methods.ts'
import { floats, largestDifference, lastLogits } from './last-logits.ts'
import { readModel } from './peft-adapter.ts'

interface Golden {
  readonly ids: readonly number[]
  readonly logitStride: number
  readonly methods: readonly {
    readonly name: string
    readonly form: 'peft' | 'merged'
    readonly weightsHash: string
    /** Every so many of the last position's logits, base64 of float32. */
    readonly sampled: string
    /** Largest change of a logit by the adapter. */
    readonly movedBy: number
  }[]
}

/** What PEFT and transformers say of the exported folders, made by make_exports_golden.py. */
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'exports.json'), 'utf8'))

let model: BaseModel
let exported: readonly ExportedMethod[]

beforeAll(async () => {
  model = await readModel()
  exported = exportedMethods(model, await readConfig())
})

describe('an exported adapter', () => {
  it('is there for one method of every family', () => {
    expect(golden.methods.map(({ name }) => name).sort()).toEqual(exported.map(({ name }) => name).sort())
  })

  it.each(golden.methods)(
    'of $name ($form) has the bytes that were read, and the logits of what was trained',
    async ({ name, form, weightsHash, sampled, movedBy }) => {
      const ours = exported.find((method) => method.name === name)!
      const weights = Object.entries(ours.files).find(([file]) => file.endsWith('.safetensors'))![1]
      expect(ours.form).toBe(form)
      expect(hashBytes(weights)).toBe(weightsHash)
      expect(movedBy).toBeGreaterThan(0.3)
      const logits = await lastLogits(ours, { model, ids: golden.ids, linearOf: adaptedLinear })
      expect(
        largestDifference(
          logits.filter((_, at) => at % golden.logitStride === 0),
          floats(sampled),
        ),
      ).toBeLessThan(1e-4)
    },
  )
})
