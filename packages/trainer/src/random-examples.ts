import { createRandomStream } from '@tessera/math'
import type { Example } from './example.ts'

/**
 * Rows for tests: a few random letters whose first one decides the label. Labels share beginnings on purpose: `ab` is
 * the start of `abc`, and `ad` shares one letter with both.
 */
export function randomExamples(count: number, seed: number): Example[] {
  const random = createRandomStream({ seed, purpose: 'random-examples', round: 0, client: 0, block: 0 })
  const labels = ['ab', 'abc', 'ad', 'x']
  return Array.from({ length: count }, (_, at) => {
    const label = labels[random.below(labels.length)]!
    const body = Array.from({ length: 1 + random.below(12) }, () => 'klmnop'[random.below(6)]).join('')
    const prompt = { head: '', body: label.at(-1)! + body, tail: ':', cut: 'end' as const }
    return { line: at + 1, prompt, completion: ` ${label}`, label }
  })
}
