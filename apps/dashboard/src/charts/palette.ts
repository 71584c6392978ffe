/** Colours as the stylesheet has them now; canvases can not use its variables. */
export interface Palette {
  readonly ink: string
  readonly grid: string
  readonly strong: string
  readonly up: string
  readonly down: string
  readonly floor: string
  readonly retry: string
  readonly faint: readonly string[]
}

const FAINT = ['--faint-1', '--faint-2', '--faint-3', '--faint-4', '--faint-5', '--faint-6']

/** Resolves the variables where `place` is, so that `light-dark()` has decided. */
export function paletteAt(place: HTMLElement): Palette {
  const probe = place.appendChild(document.createElement('i'))
  const colour = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const palette = {
    ink: colour('--ink-soft'),
    grid: colour('--grid'),
    strong: colour('--strong'),
    up: colour('--up'),
    down: colour('--down'),
    floor: colour('--floor'),
    retry: colour('--red'),
    faint: FAINT.map(colour),
  }
  probe.remove()
  return palette
}
