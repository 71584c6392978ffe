import { describe, expect, it } from 'vitest'
import { requireOptimizerFits, trainSpec } from './train-spec.ts'

const matrixOf = (factor: string, rows: number, cols: number) => ({ factor, offset: 0, rows, cols })
const fit =
  (optimizer: object, factor: string, [rows, cols]: [number, number]) =>
  () =>
    requireOptimizerFits(trainSpec.parse({ optimizer }), [matrixOf(factor, rows, cols)])

describe('an optimizer that would do nothing of its own is refused', () => {
  it('lora-plus where no B is trained', () => {
    expect(fit({ name: 'lora-plus' }, 'R', [8, 8])).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining('this method trains none') }),
    )
    expect(fit({ name: 'lora-plus' }, 'B', [64, 8])).not.toThrow()
  })

  it('galore where the shorter side of every matrix is as small as its projection', () => {
    expect(fit({ name: 'galore', rank: 8 }, 'B', [64, 8])).toThrow('galore projects to rank 8')
    expect(fit({ name: 'galore', rank: 7 }, 'B', [64, 8])).not.toThrow()
  })

  it('never one that moves any matrix in its own way', () => {
    for (const name of ['adamw', 'sgd', 'normuon']) expect(fit({ name }, 'd', [1, 1])).not.toThrow()
  })
})
