import type { Locator } from 'playwright-core'

/** How many pixels of a chart have a colour of their own, and how many of them that of the strong line. */
export async function canvasPixels(chart: Locator): Promise<{ drawn: number; strong: number }> {
  return chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const probe = canvas.parentElement!.appendChild(document.createElement('i'))
    probe.style.color = 'var(--strong)'
    const [red, green, blue] = getComputedStyle(probe).color.match(/\d+/g)!.map(Number) as [number, number, number]
    probe.remove()
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    let drawn = 0
    let strong = 0
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3]! < 128) continue
      drawn += 1
      const far = Math.abs(data[at]! - red) + Math.abs(data[at + 1]! - green) + Math.abs(data[at + 2]! - blue)
      if (far < 12) strong += 1
    }
    return { drawn, strong }
  })
}
