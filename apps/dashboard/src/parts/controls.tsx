import { asFedError } from '@tessera/vocabulary'
import { useState } from 'react'
import type { RunVerb } from '../api.ts'
import { hasEnded } from '../phases.ts'
import { Dialog } from './dialog.tsx'
import { saveBlob } from './save-blob.ts'
import type { Steering } from './steering.ts'

/** Pause, resume and abort; and the adapter once there is one. A refused token is asked for again. */
export function Controls({ run, api, access, askForToken }: Steering) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [confirming, setConfirming] = useState(false)

  const act = async (verb: RunVerb): Promise<void> => {
    if (access.token() === null) await askForToken()
    setBusy(true)
    setFailure(null)
    try {
      await api.act(run.id, verb)
    } catch (thrown) {
      const error = asFedError(thrown)
      if (error.code === 'unauthorized') access.forget()
      setFailure(error.code === 'unauthorized' ? 'That token was not accepted. Try again with another.' : error.message)
    }
    setBusy(false)
  }
  const save = (hash: NonNullable<typeof run.adapterHash>) =>
    api.blob(hash).then(
      (blob) => saveBlob(blob, `${run.name}-adapter`),
      (thrown) => setFailure(asFedError(thrown).message),
    )
  const { adapterHash, phase } = run
  const verb = phase === 'paused' ? 'resume' : 'pause'

  return (
    <div className="controls">
      {adapterHash && (
        <button type="button" onClick={() => save(adapterHash)}>
          Save adapter
        </button>
      )}
      {!hasEnded(run) && (
        <>
          <button type="button" disabled={busy} onClick={() => act(verb)}>
            {verb === 'pause' ? 'Pause' : 'Resume'}
          </button>
          <button type="button" className="danger" disabled={busy} onClick={() => setConfirming(true)}>
            Abort
          </button>
        </>
      )}
      {failure && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
      {confirming && (
        <Dialog title={`Abort ${run.name}?`} onClose={() => setConfirming(false)}>
          <p>The run ends here and can not be resumed. What it has committed stays stored.</p>
          <menu>
            <button type="button" onClick={() => setConfirming(false)}>
              Keep it running
            </button>
            <button
              type="button"
              className="danger"
              onClick={() => {
                setConfirming(false)
                void act('abort')
              }}
            >
              Abort the run
            </button>
          </menu>
        </Dialog>
      )}
    </div>
  )
}
