import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * What the tally needs of vitest's TestModule.
 *
 * @typedef {{ fullName: string, result(): { state: string } }} TestLike
 * @typedef {{ errors(): readonly unknown[], children: { allTests(): Iterable<TestLike> } }} ModuleLike
 */

/** A vitest reporter that leaves the numbers of a run in the file that TESSERA_TALLY names; scripts/test.mjs adds them up. */
export default class TallyReporter {
  /**
   * @param {readonly ModuleLike[]} modules
   * @param {readonly unknown[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    const file = process.env.TESSERA_TALLY
    if (file === undefined) return
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(tally(modules, unhandled)))
  }
}

/**
 * A module that could not be loaded and an error outside any test count as one failure each: neither is a test.
 *
 * @param {readonly ModuleLike[]} modules
 * @param {readonly unknown[]} unhandled
 */
export function tally(modules, unhandled) {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const inState = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state)
  const [passed, failed] = [inState('passed').length, inState('failed').length]
  const outsideTests = modules.reduce((sum, module) => sum + module.errors().length, unhandled.length)
  const skipped = inState('skipped').map((test) => test.fullName)
  return { passed, failed: failed + outsideTests + (tests.length - passed - failed - skipped.length), skipped }
}
