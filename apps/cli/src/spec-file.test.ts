import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { parseSpecFromHere, withAbsolutePaths } from './spec-file.ts'

const here = (path: string): string => resolve(path)

it('makes the paths that a person wrote paths from here', () => {
  const written = { name: 'x', model: 'm', evaluation: { file: 'test.jsonl', rows: 5 } }
  expect(withAbsolutePaths({ ...written, initialisation: { name: 'calibration', file: 'public.jsonl' } })).toEqual({
    name: 'x',
    model: here('m'),
    evaluation: { file: here('test.jsonl'), rows: 5 },
    initialisation: { name: 'calibration', file: here('public.jsonl') },
  })
  expect(withAbsolutePaths({ initialisation: { data: { place: 'calibration', file: 'p.jsonl' } } })).toEqual({
    initialisation: { data: { place: 'calibration', file: here('p.jsonl') } },
  })
  expect(withAbsolutePaths({ model: '/at/the/coordinator' })).toEqual({ model: '/at/the/coordinator' })
})

it('leaves what was not written, and what is no path, as it is', () => {
  expect(withAbsolutePaths({})).toEqual({})
  expect(withAbsolutePaths({ model: 7, evaluation: null })).toEqual({ model: 7, evaluation: null })
  expect(withAbsolutePaths('no specification')).toBe('no specification')
  expect(parseSpecFromHere({}).model).toBe('models/tiny-debian-llama')
})

it('refuses what is no specification', () => {
  expect(() => parseSpecFromHere({ model: 7 })).toThrow(expect.objectContaining({ code: 'invalid-config' }))
})
