import type { TimedEvent } from '@tessera/federation'

/** One line of the log that people read. */
export function eventText(event: TimedEvent): string {
  switch (event.type) {
    case 'client-joined':
      return `${event.clientId} joined with ${count(event.examples, 'example')}`
    case 'client-left':
      return event.how === 'left' ? `${event.clientId} left` : `the connection of ${event.clientId} was lost`
    case 'update-received':
      return `${event.clientId} delivered its update of weight ${event.weight}`
    case 'assignment-failed':
      return `${event.clientId} gave its assignment back: ${event.reason}`
    case 'deadline-passed':
      return 'the deadline passed'
    case 'pass-reduced':
      return 'a pass of the initialisation is done'
    case 'factors-made':
      return `the frozen factors are made${madeFrom(event)}, training starts`
    case 'aggregated':
      return `the updates are aggregated to one of norm ${event.updateNorm.toPrecision(4)}${ranksLeft(event)}`
    case 'committed':
      return 'the round is committed'
    case 'paused':
      return `paused: ${event.reason}`
    case 'resumed':
      return 'resumed'
    case 'aborted':
      return `abandoned: ${event.reason}`
    case 'restarted':
      return 'the coordinator started again'
  }
}

const madeFrom = ({ data }: Extract<TimedEvent, { type: 'factors-made' }>): string =>
  data === undefined ? '' : ` from ${count(data.rows, 'row')} of the file ${data.hash}`

function ranksLeft({ ranks }: Extract<TimedEvent, { type: 'aggregated' }>): string {
  if (ranks === undefined) return ''
  const left = Object.values(ranks).reduce((sum, rank) => sum + rank, 0)
  return `; ${count(left, 'rank')} left`
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
