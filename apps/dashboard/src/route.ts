import { runId as asRunId, type RunId } from '@tessera/vocabulary'
import { useSyncExternalStore } from 'react'

const MOVED = 'tessera-moved'

/** The run that an address selects; null for the newest one. */
export function runOf(pathname: string): RunId | null {
  const found = /^\/runs\/([A-Za-z0-9._-]+)\/?$/.exec(pathname)?.[1]
  return found === undefined ? null : asRunId(found)
}

export function addressOf(id: RunId): string {
  return `/runs/${id}`
}

export function goTo(address: string): void {
  window.history.pushState(null, '', address)
  window.dispatchEvent(new Event(MOVED))
}

/** The run that the present address selects; follows links, back and forward. */
export function useSelectedRun(): RunId | null {
  return runOf(useSyncExternalStore(onMove, () => window.location.pathname))
}

function onMove(listener: () => void): () => void {
  const events = ['popstate', MOVED]
  for (const event of events) window.addEventListener(event, listener)
  return () => {
    for (const event of events) window.removeEventListener(event, listener)
  }
}
