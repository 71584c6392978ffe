import { useEffect, useState, useSyncExternalStore } from 'react'

export const THEMES = ['light', 'auto', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'tessera-theme'

/** What people chose, remembered by this browser, and what is shown: `auto` follows the system. */
export function useTheme(): { chosen: Theme; shown: 'light' | 'dark'; choose: (theme: Theme) => void } {
  const [chosen, choose] = useState(remembered)
  const systemIsDark = useSyncExternalStore(onSystemChange, () => system().matches)
  useEffect(() => {
    localStorage.setItem(KEY, chosen)
    if (chosen === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
  }, [chosen])
  const automatic = systemIsDark ? 'dark' : 'light'
  return { chosen, choose, shown: chosen === 'auto' ? automatic : chosen }
}

function remembered(): Theme {
  const kept = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === kept) ?? 'auto'
}

function system(): MediaQueryList {
  return window.matchMedia('(prefers-color-scheme: dark)')
}

function onSystemChange(listener: () => void): () => void {
  const query = system()
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
