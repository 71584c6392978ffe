import { useState } from 'react'
import { Dialog } from './dialog.tsx'

interface TokenDialogProps {
  /** What the token is asked for. */
  readonly reason: 'read' | 'write'
  /** Whether the last one was not accepted. */
  readonly refused: boolean
  readonly onToken: (token: string) => void
  readonly onCancel: (() => void) | null
}

const REASONS = {
  read: 'From another machine than its own, this coordinator shows its runs only to those who have its token.',
  write: 'Everyone on this machine may look. To change a run, give the token of the coordinator.',
}

export function TokenDialog({ reason, refused, onToken, onCancel }: TokenDialogProps) {
  const [token, setToken] = useState('')
  return (
    <Dialog title="Token" onClose={onCancel}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (token.trim() !== '') onToken(token.trim())
        }}
      >
        <p>
          {REASONS[reason]} <code>tessera up</code> prints it when it starts; this tab keeps it until it is closed.
        </p>
        {refused && (
          <p className="failure" role="alert">
            That token was not accepted.
          </p>
        )}
        <label className="field">
          Token of the coordinator
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <menu>
          {onCancel && (
            <button type="button" onClick={onCancel}>
              Cancel
            </button>
          )}
          <button type="submit" className="primary" disabled={token.trim() === ''}>
            Continue
          </button>
        </menu>
      </form>
    </Dialog>
  )
}
