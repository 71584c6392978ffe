import { type Browser, chromium } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Flags that give pages WebGPU on any machine: SwiftShader, which computes on the processor and comes with Chromium. */
export const EMULATED_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** @throws {Error} No Chromium starts here; the message says what to install. */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    throw new Error(
      'The browser tests need Chromium, and none was found. Install the package `chromium` (or Google Chrome), or set ' +
        'CHROMIUM_PATH to its executable.',
    )
  }
  return chromium.launch({ executablePath, args: [...FLAGS, ...more] })
}
