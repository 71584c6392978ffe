import { describe, expect, it } from 'vitest'
import { Cleanup } from './cleanup.ts'

describe('what a drill takes away', () => {
  it('is what it made, last first, once, and what it failed to make is not', async () => {
    const cleanup = new Cleanup()
    const gone: string[] = []
    for (const name of ['folder', 'coordinator', 'worker']) {
      await cleanup.hold(
        async () => name,
        async (made) => gone.push(made),
      )
    }
    const broken = cleanup.hold(
      async () => Promise.reject(new Error('no such thing')),
      async () => gone.push('never'),
    )
    await expect(broken).rejects.toThrow('no such thing')
    await cleanup.run()
    await cleanup.run()
    expect(gone).toEqual(['worker', 'coordinator', 'folder'])
  })

  it('includes what was still being made, and nothing is made afterwards', async () => {
    const cleanup = new Cleanup()
    const gone: string[] = []
    let finish: (name: string) => void = () => {}
    const making = new Promise<string>((resolve) => {
      finish = resolve
    })
    const held = cleanup.hold(
      () => making,
      async (made) => gone.push(made),
    )
    const running = cleanup.run()
    finish('namespace')
    await Promise.all([held, running])
    expect(gone).toEqual(['namespace'])
    expect(() =>
      cleanup.hold(
        async () => 1,
        async () => {},
      ),
    ).toThrow('the drill is over')
  })

  it('goes on past a failure, and the failure is said', async () => {
    const cleanup = new Cleanup()
    const gone: string[] = []
    await cleanup.hold(
      async () => 'first',
      async (made) => gone.push(made),
    )
    await cleanup.hold(
      async () => 'second',
      async () => Promise.reject(new Error('stuck')),
    )
    await expect(cleanup.run()).rejects.toThrow('stuck')
    expect(gone).toEqual(['first'])
  })
})
