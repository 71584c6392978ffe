import { ERROR_CODES, FedError } from '@tessera/vocabulary'
import { CommanderError } from 'commander'
import { expect, it, onTestFinished, vi } from 'vitest'
import { fail, failUsage } from './failure.ts'
import { createProgram } from './program.ts'

/** What is written on the two streams until the test is over. */
function streams(): { readonly out: string; readonly err: string } {
  const written = { out: '', err: '' }
  for (const [name, stream] of [
    ['out', process.stdout],
    ['err', process.stderr],
  ] as const) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      written[name] += text
      return true
    })
    onTestFinished(() => spy.mockRestore())
  }
  return written
}

it("says code, cause and the error's own fix, and leaves with the exit status of the code", () => {
  const written = streams()
  expect(fail(new FedError('port-in-use', 'port 80 is taken', { fix: 'Take 81.' }), { json: false })).toBe(4)
  expect(written).toEqual({ out: '', err: 'error port-in-use: port 80 is taken\nfix   Take 81.\n' })
})

it("says the code's fix where the error has none, also as JSON", () => {
  const written = streams()
  const { fix } = ERROR_CODES['unknown-run']
  expect(fail(new FedError('unknown-run', 'there is no run x'), { json: true })).toBe(4)
  expect(written.err).toBe(`error unknown-run: there is no run x\nfix   ${fix}\n`)
  expect(JSON.parse(written.out)).toEqual({
    error: { code: 'unknown-run', message: 'there is no run x', fix, retryable: false },
  })
})

it('says the code of a command that was written wrongly', async () => {
  const written = streams()
  const error: unknown = await createProgram()
    .parseAsync(['node', 'tessera', 'runs', 'show', '--nothing'])
    .catch((thrown: unknown) => thrown)
  expect(written.err).toBe("error invalid-config: unknown option '--nothing'\nfix   See --help.\n")
  expect(failUsage(error as CommanderError, { json: true })).toBe(5)
  expect(JSON.parse(written.out)).toMatchObject({
    error: { code: 'invalid-config', message: "unknown option '--nothing'", fix: 'See --help.' },
  })
  expect(failUsage(new CommanderError(0, 'commander.help', '(outputHelp)'), { json: true })).toBe(0)
})
