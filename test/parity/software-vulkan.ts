import { existsSync } from 'node:fs'

/** Where Debian's chromium package keeps SwiftShader's manifest. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/**
 * On a machine without a GPU, let Vulkan compute on the CPU, by the SwiftShader library that Debian's chromium package
 * holds. To be called before WebGPU loads; a driver that the environment names stays.
 */
export function emulateMissingGpu(): void {
  const chosen = 'VK_ICD_FILENAMES' in process.env || 'VK_DRIVER_FILES' in process.env
  if (!chosen && !existsSync('/dev/dri') && existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER
}

/** Makes what is missing on the machine the message of the failure. */
export const needsVulkan = (error: Error & { fix?: string }): never => {
  throw new Error(`${error.message}. This test needs: apt-get install libvulkan1 chromium. ${error.fix ?? ''}`)
}
