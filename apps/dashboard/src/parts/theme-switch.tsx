import { THEMES, type Theme } from '../theme.ts'

const SHAPES: Record<Theme, string> = {
  light:
    'M8 4.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8ZM8 .8v1.7m0 11v1.7M.8 8h1.7m11 0h1.7M2.9 2.9l1.2 1.2m7.8 7.8 1.2 1.2m0-10.2-1.2 1.2m-7.8 7.8-1.2 1.2',
  auto: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Zm0 0v12.4M8 5l4.6-.6M8 8h6M8 11l4.6.6',
  dark: 'M13.6 9.7A6 6 0 0 1 6.3 2.4a6 6 0 1 0 7.3 7.3Z',
}

interface ThemeSwitchProps {
  readonly chosen: Theme
  readonly choose: (theme: Theme) => void
}

export function ThemeSwitch({ chosen, choose }: ThemeSwitchProps) {
  return (
    <fieldset className="switch">
      <legend className="unseen">Theme</legend>
      {THEMES.map((theme) => (
        <label key={theme} title={theme}>
          <input
            className="unseen"
            type="radio"
            name="theme"
            value={theme}
            checked={theme === chosen}
            onChange={() => choose(theme)}
          />
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={SHAPES[theme]} />
          </svg>
          <span className="unseen">{theme}</span>
        </label>
      ))}
    </fieldset>
  )
}
