import { plural } from '../format.ts'
import type { Connection } from '../live/session.ts'
import { goTo } from '../route.ts'
import type { Theme } from '../theme.ts'
import { Link } from './link.tsx'
import { Mark } from './mark.tsx'
import { ThemeSwitch } from './theme-switch.tsx'

const WORDS: Record<Connection, string> = {
  connecting: 'connecting',
  open: 'live',
  lost: 'offline',
  locked: 'locked',
}

interface HeaderProps {
  readonly connection: Connection
  /** Connected ones. */
  readonly workers: number
  readonly theme: { readonly chosen: Theme; readonly choose: (theme: Theme) => void }
}

export function Header({ connection, workers, theme }: HeaderProps) {
  return (
    <header className="top">
      <Link to="/" className="brand" onFollow={goTo}>
        <Mark />
        <span>Tessera</span>
      </Link>
      <p className="status" role="status">
        <span className={`dot ${connection === 'open' ? 'on' : 'off'}`} aria-hidden="true" />
        {WORDS[connection]}
        {connection === 'open' && <span className="wide-only"> · {plural(workers, 'worker')}</span>}
      </p>
      <ThemeSwitch {...theme} />
    </header>
  )
}
