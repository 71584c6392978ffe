import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeProjections, describeRandomness } from '../parity/randomness-vectors.ts'
import { EMULATED_GPU, launchChromium } from './headless-chromium.ts'
import type { randomness } from './randomness-page.ts'

type Randomness = typeof randomness

let server: Server
let browser: Browser
let page: Page

beforeAll(async () => {
  const code = await bundle('./randomness-page.ts')
  server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript ? code : '<!doctype html><title>randomness</title><script type="module" src="/page.js"></script>',
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  browser = await launchChromium(EMULATED_GPU)
  page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await page.waitForFunction(() => 'randomness' in globalThis)
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

/** One script without imports. */
async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ['es'], fileName: 'page' },
    },
  })
  const [{ output }] = built as [Rolldown.RolldownOutput]
  return output[0].code
}

/** Call a function of the page. */
function call<Name extends keyof Randomness>(
  name: Name,
  ...inputs: readonly unknown[]
): Promise<Awaited<ReturnType<Randomness[Name]>>> {
  return page.evaluate(
    ([called, given]) => {
      const { randomness } = globalThis as unknown as { randomness: Record<string, (...all: unknown[]) => never> }
      return randomness[called]!(...given)
    },
    [name, inputs] as const,
  )
}

describe('the browser', () => {
  it('has SIMD, and WebGPU on an emulated adapter', async () => {
    expect(await call('hasSimd')).toBe(true)
    expect(await call('adapter')).toBe('google swiftshader')
  })
})

describeRandomness('in Chromium', () => ({
  words: (...inputs) => call('words', ...inputs),
  combined: (...inputs) => call('combined', ...inputs),
}))
describeProjections('in Chromium', () => ({ projected: (...inputs) => call('projected', ...inputs) }))

describeRandomness("in Chromium's plain JavaScript", () => ({
  words: (...inputs) => call('words', ...inputs),
  combined: (...inputs) => call('plainlyCombined', ...inputs),
}))

describeRandomness("on Chromium's WebGPU", () => ({
  words: (...inputs) => call('gpuWords', ...inputs),
  combined: (...inputs) => call('gpuCombined', ...inputs),
}))
