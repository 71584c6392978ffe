import { expect, it } from 'vitest'
import { createAccess } from './access.ts'

function tab(hash: string) {
  const kept = new Map<string, string>()
  const addresses: string[] = []
  return {
    addresses,
    location: { hash, pathname: '/runs/demo', search: '' },
    history: {
      replaceState: (_data: unknown, _title: string, url?: string | URL | null) => void addresses.push(`${url}`),
    },
    sessionStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    },
  }
}

it('takes the token from #token=… and removes it from the address', () => {
  const opened = tab('#token=abc%2F1')
  expect(createAccess(opened).token()).toBe('abc/1')
  expect(opened.addresses).toEqual(['/runs/demo'])
})

it('leaves other addresses alone, and remembers and forgets what people type', () => {
  const opened = tab('#events')
  const access = createAccess(opened)
  expect([access.token(), opened.addresses]).toEqual([null, []])
  access.remember('typed')
  expect(access.token()).toBe('typed')
  access.forget()
  expect(access.token()).toBe(null)
})
