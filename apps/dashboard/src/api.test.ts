import { runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { createApi } from './api.ts'

interface Call {
  path: string
  init: RequestInit
}

function apiAnswering(answer: (path: string) => Response | Promise<Response>, token: string | null = null) {
  const calls: Call[] = []
  const fetch = async (path: string, init: RequestInit) => {
    calls.push({ path, init })
    return answer(path)
  }
  return { calls, api: createApi({ fetch, token: () => token }) }
}

const event = (seq: number) => ({ seq, runId: 'demo', at: seq, type: 'committed', text: '', data: {} })

describe('the coordinator as the page sees it', () => {
  it('sends the token once there is one, and none before', async () => {
    const without = apiAnswering(() => Response.json([]))
    await without.api.runs()
    expect(without.calls[0]?.init.headers).toEqual({})
    const withToken = apiAnswering(() => Response.json([]), 'secret')
    await withToken.api.workers()
    expect(withToken.calls[0]?.init.headers).toEqual({ authorization: 'Bearer secret' })
  })

  it('reads 1500 events in two pages of at most 1000', async () => {
    const { api, calls } = apiAnswering((path) => {
      const after = Number(new URL(path, 'http://host').searchParams.get('after'))
      return Response.json(Array.from({ length: Math.min(1000, 1500 - after) }, (_, index) => event(after + 1 + index)))
    })
    const events = await api.events(runId('demo'))
    expect([events.length, events.at(-1)?.seq, calls.length]).toEqual([1500, 1500, 2])
  })

  it('throws a refusal with its code, its sentence and its fix', async () => {
    const body = { code: 'unknown-run', message: 'There is no run "x".', fix: 'List them.', retryable: false }
    const { api } = apiAnswering(() => Response.json(body, { status: 404 }))
    await expect(api.run(runId('x'))).rejects.toMatchObject({
      code: 'unknown-run',
      message: 'There is no run "x".',
      fix: 'List them.',
    })
  })

  it('takes an answer that is not the coordinator’s, and none at all, for unreachable', async () => {
    const proxy = apiAnswering(() => new Response('<h1>Bad gateway</h1>', { status: 502 }))
    await expect(proxy.api.runs()).rejects.toMatchObject({ code: 'unreachable' })
    const down = apiAnswering(() => Promise.reject(new TypeError('Failed to fetch')))
    await expect(down.api.runs()).rejects.toMatchObject({ code: 'unreachable', retryable: true })
  })

  it('refuses views that are not of this version', async () => {
    const { api } = apiAnswering(() => Response.json([{ id: 'demo' }]))
    await expect(api.runs()).rejects.toThrow()
  })
})
