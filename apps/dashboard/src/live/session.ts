import type { LiveMessage } from '@tessera/protocol'
import { asFedError, FedError, type RunId } from '@tessera/vocabulary'
import type { Api } from '../api.ts'
import { type LiveState, liveState, NOTHING, type Snapshot } from './live-state.ts'

const RETRY_MS = 3000

/** `locked`: the coordinator asks for its token before it shows anything. */
export type Connection = 'connecting' | 'open' | 'lost' | 'locked'

export interface SessionState {
  readonly live: LiveState
  readonly connection: Connection
  /** False until everything was read once. */
  readonly loaded: boolean
}

/** What the feed tells the session. */
export interface FeedListener {
  readonly opened: () => void
  readonly lost: () => void
  readonly refused: () => void
  readonly heard: (message: LiveMessage) => void
}

export interface Feed {
  /** Connects again, with the token there is now. */
  reopen(): void
  close(): void
}

export interface Session {
  state(): SessionState
  subscribe(listener: () => void): () => void
  /** Connects and reads; the answer disconnects. */
  start(): () => void
  /** Shows this run in detail. */
  show(id: RunId | null): void
  /** Tries again with a new token. */
  unlock(): void
}

/**
 * Keeps what the page shows equal to what the coordinator has: reads everything whenever the feed opens or another run
 * is shown, and follows the feed in between. Messages that arrive during a read are applied after it, so that none is
 * lost whichever was first.
 */
export function createSession(api: Api, openFeed: (listener: FeedListener) => Feed): Session {
  const listeners = new Set<() => void>()
  let state: SessionState = { live: NOTHING, connection: 'connecting', loaded: false }
  let shown: RunId | null = null
  let feed: Feed | null = null
  let reading = 0
  let early: LiveMessage[] | null = null
  let isOpen = false

  const update = (change: Partial<SessionState>) => {
    state = { ...state, ...change }
    for (const listener of listeners) listener()
  }
  const apply = (...messages: (LiveMessage | Snapshot)[]) => update({ live: messages.reduce(liveState, state.live) })

  async function read(): Promise<void> {
    reading += 1
    const mine = reading
    early ??= []
    try {
      const snapshot = await snapshotOf(api, shown)
      if (mine !== reading) return
      apply(snapshot, ...early)
      update({ loaded: true, connection: isOpen ? 'open' : state.connection })
    } catch (thrown) {
      if (mine !== reading) return
      apply(...early)
      const isLocked = asFedError(thrown).code === 'unauthorized'
      update({ connection: isLocked ? 'locked' : 'lost' })
      if (!isLocked) retry(thrown)
    }
    early = null
  }

  /** The feed may be well while a read fails, for example because the database restarts. */
  function retry(thrown: unknown): void {
    if (!(thrown instanceof FedError))
      console.error('The coordinator gave an answer that this page can not read.', thrown)
    const failed = reading
    setTimeout(() => isOpen && failed === reading && void read(), RETRY_MS)
  }

  const listener: FeedListener = {
    opened: () => {
      isOpen = true
      update({ connection: 'open' })
      void read()
    },
    lost: () => {
      isOpen = false
      if (state.connection !== 'locked') update({ connection: 'lost' })
    },
    refused: () => update({ connection: 'locked' }),
    heard: (message) => (early === null ? apply(message) : early.push(message)),
  }

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: () => {
      feed = openFeed(listener)
      return () => feed?.close()
    },
    show: (id) => {
      if (id === shown) return
      shown = id
      if (isOpen) void read()
    },
    unlock: () => {
      update({ connection: 'connecting' })
      feed?.reopen()
    },
  }
}

async function snapshotOf(api: Api, shown: RunId | null): Promise<Snapshot> {
  const [runs, workers] = await Promise.all([api.runs(), api.workers()])
  if (shown === null) return { type: 'snapshot', runs, workers, detail: null }
  try {
    const [run, rounds, metrics, events] = await Promise.all([
      api.run(shown),
      api.rounds(shown),
      api.metrics(shown),
      api.events(shown),
    ])
    const listed = [run, ...runs.filter(({ id }) => id !== run.id)]
    return { type: 'snapshot', runs: listed, workers, detail: { runId: shown, rounds, metrics, events } }
  } catch (thrown) {
    if (asFedError(thrown).code === 'unknown-run') return { type: 'snapshot', runs, workers, detail: null }
    throw thrown
  }
}
