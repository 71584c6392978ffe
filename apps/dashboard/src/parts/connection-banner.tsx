import type { Connection } from '../live/session.ts'

/** Says that what is shown may be old; it goes away by itself when the coordinator is back. */
export function ConnectionBanner({ connection }: { readonly connection: Connection }) {
  if (connection !== 'lost') return null
  return (
    <p className="banner" role="alert">
      <strong>Connection lost.</strong> The coordinator does not answer; this page shows what it last heard, tries again
      by itself and then catches up.
    </p>
  )
}
