import type { Waiting } from '@tessera/federation'

/** What a run waits for, as a sentence for people; times are the reader's matter. */
export function waitingText(waiting: Waiting | null): string | null {
  switch (waiting?.for) {
    case undefined:
      return null
    case 'clients':
      return `waits for ${waiting.missing} more ${waiting.missing === 1 ? 'client' : 'clients'}`
    case 'updates':
      return `waits for the ${waiting.of.length === 1 ? 'update' : 'updates'} of ${list(waiting.of)}`
    case 'duty':
      return DUTIES[waiting.duty]
    case 'person':
      return 'waits for somebody to resume it'
    case 'room':
      return 'goes on when there is room on the disk'
  }
}

const DUTIES: { readonly [Name in Extract<Waiting, { for: 'duty' }>['duty']]: string } = {
  'make-factors': 'the coordinator makes the frozen factors',
  'reduce-pass': 'the coordinator reduces a pass of the initialisation',
  'aggregate': 'the coordinator aggregates the updates',
  'commit': 'the coordinator stores the new version',
}

const LISTED = 3

function list(names: readonly string[]): string {
  if (names.length <= LISTED) return names.join(', ')
  return `${names.slice(0, LISTED).join(', ')} and ${names.length - LISTED} more`
}
