import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { Access } from './access.ts'
import type { Api } from './api.ts'
import type { Session } from './live/session.ts'
import { useNow } from './now.ts'
import { ConnectionBanner } from './parts/connection-banner.tsx'
import { EmptyState } from './parts/empty-state.tsx'
import { Header } from './parts/header.tsx'
import { RunList } from './parts/run-list.tsx'
import { RunPage } from './parts/run-page.tsx'
import { TokenDialog } from './parts/token-dialog.tsx'
import { useSelectedRun } from './route.ts'
import { useTheme } from './theme.ts'

interface AppProps {
  readonly api: Api
  readonly session: Session
  readonly access: Access
}

/** The page: all runs on one side, the one that the address selects, else the newest, on the other. */
export function App({ api, session, access }: AppProps) {
  const { live, connection, loaded } = useSyncExternalStore(session.subscribe, session.state)
  const [wanted, want] = useState<((token: string) => void) | null>(null)
  const theme = useTheme()
  const now = useNow()
  const addressed = useSelectedRun()
  const selected = addressed ?? live.runs[0]?.id ?? null
  const run = live.runs.find(({ id }) => id === selected)
  const askForToken = useMemo(() => () => new Promise<string>((resolve) => want(() => resolve)), [])

  useEffect(() => session.start(), [session])
  useEffect(() => session.show(selected), [session, selected])
  useEffect(() => {
    document.title = run ? `${run.name} · Tessera` : 'Tessera'
  }, [run])

  const remember = (token: string) => {
    access.remember(token)
    if (connection === 'locked') session.unlock()
    wanted?.(token)
    want(null)
  }

  return (
    <>
      <Header
        theme={theme}
        connection={connection}
        workers={live.workers.filter(({ connected }) => connected).length}
      />
      <ConnectionBanner connection={connection} />
      <div className="columns">
        <RunList runs={live.runs} selected={selected} now={now} loaded={loaded} />
        <main>
          {run ? (
            <RunPage key={run.id} {...{ api, access, askForToken, run, live, now }} theme={theme.shown} />
          ) : (
            <EmptyState loaded={loaded} addressed={addressed} />
          )}
        </main>
      </div>
      {(wanted !== null || connection === 'locked') && (
        <TokenDialog
          reason={connection === 'locked' ? 'read' : 'write'}
          refused={connection === 'locked' && access.token() !== null}
          onToken={remember}
          onCancel={connection === 'locked' ? null : () => want(null)}
        />
      )}
    </>
  )
}
