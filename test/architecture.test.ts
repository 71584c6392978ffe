import { describe, expect, it } from 'vitest'
import { importCycles } from './architecture/cycles.ts'
import { undeclaredImports, unusedRooms } from './architecture/dependencies.ts'
import { meaninglessNames, unfurnishedRooms } from './architecture/furniture.ts'
import { directionViolations, escapes, LAYERS } from './architecture/layers.ts'
import { environmentReads, impurities } from './architecture/purity.ts'
import { readTree } from './architecture/tree.ts'

const { rooms, paths, sources, manifests, rootDevDependencies } = readTree()
const shipped = sources.filter(({ isTest }) => !isTest)

describe('the house', () => {
  it('imports only downwards, and testing only from tests', () => {
    expect(directionViolations(sources)).toEqual([])
  })

  it('lets rooms meet only through their names, never by a path into another room', () => {
    expect(escapes(sources)).toEqual([])
  })

  it('declares every package it imports', () => {
    expect(undeclaredImports(sources, manifests, rootDevDependencies)).toEqual([])
  })

  it('imports every room it declares', () => {
    expect(unusedRooms(sources, manifests)).toEqual([])
  })

  it('has no circular imports', () => {
    expect(importCycles(sources)).toEqual([])
  })

  it('keeps the clock, randomness, the process and timers out of layers 0, 1 and 3', () => {
    const pure = shipped.filter(({ room }) => [0, 1, 3].includes(LAYERS[room] ?? -1) && room !== 'testing')
    expect(pure.flatMap(impurities)).toEqual([])
  })

  it('reads the environment only in the config.ts of an app, or in what starts it', () => {
    const others = shipped.filter(({ path }) => !/^apps\/[^/]+\/(?:bin\/|src\/(?:.*\/)?config\.ts$)/.test(path))
    expect(others.flatMap(environmentReads)).toEqual([])
  })

  it('names every file after its idea', () => {
    expect(meaninglessNames(paths)).toEqual([])
  })

  it('gives every room a layer, a README and an entry that exports something', () => {
    expect(unfurnishedRooms(rooms, paths, sources)).toEqual([])
  })
})
