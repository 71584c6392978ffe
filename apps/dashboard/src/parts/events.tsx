import type { EventView } from '@tessera/protocol'
import { useMemo, useState } from 'react'
import { clockTime } from '../format.ts'

const SHOWN = 200

/** The run's log, newest first, with those that contain what is typed. */
export function Events({ events }: { readonly events: readonly EventView[] }) {
  const [filter, setFilter] = useState('')
  const found = useMemo(() => {
    const wanted = filter.trim().toLowerCase()
    return events.filter(({ type, text }) => `${type} ${text}`.toLowerCase().includes(wanted)).toReversed()
  }, [events, filter])
  return (
    <section className="card events" aria-labelledby="events-title">
      <div className="card-head">
        <h2 id="events-title">
          Events <span className="count">{events.length}</span>
        </h2>
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter events"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </div>
      {found.length === 0 && (
        <p className="empty">{filter ? 'No event contains this.' : 'Nothing has happened yet.'}</p>
      )}
      <ol>
        {found.slice(0, SHOWN).map((event) => (
          <li key={event.seq}>
            <time dateTime={new Date(event.at).toISOString()}>{clockTime(event.at)}</time>
            <span className="event-type">{event.type}</span>
            <span className="event-text">{event.text}</span>
          </li>
        ))}
      </ol>
      {found.length > SHOWN && (
        <p className="footnote">
          The newest {SHOWN} of {found.length}; a filter finds older ones.
        </p>
      )}
    </section>
  )
}
