import type { RunView, WorkerView } from '@tessera/protocol'
import { ago, measured } from '../format.ts'
import { Command } from './command.tsx'
import { joinCommand } from './empty-state.tsx'

interface WorkersProps {
  readonly run: RunView
  readonly workers: readonly WorkerView[]
  readonly now: number
}

/** Everyone who trains, with how far they are. */
export function Workers({ run, workers, now }: WorkersProps) {
  return (
    <section className="card" aria-labelledby="workers-title">
      <h2 id="workers-title">
        Workers <span className="count">{workers.filter(({ connected }) => connected).length}</span>
      </h2>
      {workers.length === 0 ? (
        <div className="empty">
          <p>No worker has joined yet. On a machine that has data:</p>
          <Command text={joinCommand()} />
        </div>
      ) : (
        <div className="scroll">
          <table className="workers">
            <thead>
              <tr>
                <th scope="col">Client</th>
                <th scope="col">Progress</th>
                <th scope="col" className="number">
                  Loss
                </th>
                <th scope="col" className="number">
                  Examples
                </th>
                <th scope="col">Device</th>
                <th scope="col" className="number">
                  Last seen
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <WorkerRow key={worker.clientId} run={run} worker={worker} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

interface WorkerRowProps {
  readonly run: RunView
  readonly worker: WorkerView
  readonly now: number
}

function WorkerRow({ run, worker, now }: WorkerRowProps) {
  return (
    <tr className={worker.connected ? '' : 'away'}>
      <th scope="row">
        <span className={`dot ${worker.connected ? 'on' : 'off'}`} aria-hidden="true" />
        {worker.clientId}
        <span className="unseen">{worker.connected ? ' connected' : ' not connected'}</span>
      </th>
      <td data-label="Progress">
        <WorkerProgress run={run} worker={worker} />
      </td>
      <td data-label="Loss" className="number">
        {measured(worker.loss)}
      </td>
      <td data-label="Examples" className="number">
        {worker.examples.toLocaleString('en')}
      </td>
      <td data-label="Device" title={worker.software}>
        {worker.device}
      </td>
      <td data-label="Last seen" className="number">
        {ago(worker.lastSeenAt, now)}
      </td>
    </tr>
  )
}

function WorkerProgress({ run, worker }: Omit<WorkerRowProps, 'now'>) {
  if (worker.runId !== null && worker.runId !== run.id) return <span className="soft">in run {worker.runId}</span>
  if (worker.runId === null || worker.steps === 0) {
    return <span className="soft">{worker.connected ? 'waiting for work' : 'away'}</span>
  }
  return (
    <span className="steps-done">
      <progress max={worker.steps} value={worker.step} aria-label={`Steps of ${worker.clientId}`} />
      <span>
        {worker.step}/{worker.steps}
      </span>
    </span>
  )
}
