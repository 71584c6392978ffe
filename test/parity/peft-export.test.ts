import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BaseModel } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { importPeft } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { beforeAll, describe, expect, it } from 'vitest'
import { adaptedLinear, mergedLinear } from '../../packages/trainer/src/adapted-linear.ts'
import { type Adapted, floats, largestDifference, lastLogits } from './last-logits.ts'
import { readModel, type SeededAdapter, seededAdapter } from './peft-adapter.ts'

/** What PEFT, transformers and PyTorch say of the exported folder, made by make_peft_golden.py. */
interface Golden {
  readonly adapterHash: string
  readonly texts: readonly {
    readonly text: string
    readonly ids: readonly number[]
    /** Logits of the last position, base64 of float32. */
    readonly last: string
    /** Largest change of a logit by the adapter. */
    readonly movedBy: number
  }[]
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'peft.json'), 'utf8'))

let model: BaseModel
let trained: SeededAdapter
let imported: Adapted

beforeAll(async () => {
  model = await readModel()
  trained = seededAdapter(model)
  const { 'adapter_config.json': config, 'adapter_model.safetensors': weights } = trained.exported.files
  const adapter = unwrap(importPeft({ config, weights }, model.architecture.sites(model.config)))
  imported = { ...adapter, coordinates: new Float32Array(0) }
})

describe('an exported adapter of rank 8 on 28 layers', () => {
  it('has the bytes that PEFT has read, and says how exact they are', () => {
    const { files, exactness } = trained.exported
    expect(hashBytes(files['adapter_model.safetensors'])).toBe(golden.adapterHash)
    expect(exactness.relative).toBeLessThan(1e-7) // one rounding of B R to float32
  })

  describe.each(golden.texts.map((text, at) => [at + 1, text] as const))(
    'on text %i',
    (_number, { text, ids, last, movedBy }) => {
      it('changes the logits of PEFT by more than half', () => {
        expect([model.tokenizer.endOfTextId, ...model.tokenizer.encode(text)]).toEqual(ids)
        expect(movedBy).toBeGreaterThan(0.5)
      })

      it.each([
        ['the imported folder, merged', () => imported, mergedLinear],
        ['the imported folder, beside the base', () => imported, adaptedLinear],
        ['what was trained, before the export', () => trained, adaptedLinear],
      ] as const)('gives the logits of PEFT within 1e-4: %s', async (_what, adapted, linearOf) => {
        expect(largestDifference(await lastLogits(adapted(), { model, ids, linearOf }), floats(last))).toBeLessThan(
          1e-4,
        )
      })
    },
  )
})
