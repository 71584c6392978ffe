import { describe, expect, it } from 'vitest'
import { rotaryTables } from './rotary.ts'

describe('rotary tables', () => {
  it('turn position 2 by 2 and by 2 / 10 for a head of 4 and a base of 100', () => {
    const { cos, sin } = rotaryTables({ head_dim: 4, rope_theta: 100 }, [0, 2])
    const f32 = (numbers: number[]) => numbers.map(Math.fround)
    expect(Array.from(cos)).toEqual(f32([1, 1, 1, 1, Math.cos(2), Math.cos(0.2), Math.cos(2), Math.cos(0.2)]))
    expect(Array.from(sin)).toEqual(f32([-0, -0, 0, 0, -Math.sin(2), -Math.sin(0.2), Math.sin(2), Math.sin(0.2)]))
  })
})
