import { expect, it } from 'vitest'
import { splitByMaintainer } from './split-clients.ts'

/** The first four bytes of SHA-256, modulo 3: `ada` 1, `bob` 0, `dora` 2 (`printf ada | sha256sum`). */
const row = (client: string, text: string): string => JSON.stringify({ client, text })

it('gives every row to the client that its maintainer is hashed to, in order', () => {
  const [first, second, third, fourth] = [row('ada', 'a'), row('bob', 'b'), row('dora', 'c'), row('ada', 'd')]
  expect(splitByMaintainer(`${first}\n${second}\n\n${third}\n${fourth}\n`, 3)).toEqual({
    'client-1': `${second}\n`,
    'client-2': `${first}\n${fourth}\n`,
    'client-3': `${third}\n`,
  })
})
