import type { RunId } from '@tessera/vocabulary'
import { goTo } from '../route.ts'
import { Command } from './command.tsx'
import { Link } from './link.tsx'

interface EmptyStateProps {
  readonly loaded: boolean
  /** The run that the address asks for and that does not exist. */
  readonly addressed: RunId | null
}

/** What stands in the place of a run: what to do next. */
export function EmptyState({ loaded, addressed }: EmptyStateProps) {
  if (!loaded) return <p className="empty">Reading from the coordinator …</p>
  if (addressed !== null) {
    return (
      <section className="card invitation">
        <h1>There is no run “{addressed}”</h1>
        <p>
          It was removed, or belongs to another coordinator.{' '}
          <Link to="/" onFollow={goTo}>
            Show the newest run
          </Link>
        </p>
      </section>
    )
  }
  return (
    <section className="card invitation">
      <h1>No runs yet</h1>
      <p>A run fine-tunes one model on the data of all who take part. Start one from its specification:</p>
      <Command text="tessera run --watch" />
      <p>Then let workers join, each beside its own data, which never leaves its place:</p>
      <Command text={joinCommand()} />
    </section>
  )
}

/** The command with which a worker joins the coordinator that this page came from. */
export function joinCommand(): string {
  return `tessera join ${window.location.origin} --token TOKEN --data my-data.jsonl`
}
