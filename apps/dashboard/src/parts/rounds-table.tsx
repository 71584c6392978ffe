import type { RoundView } from '@tessera/protocol'
import { received } from '../charts/traffic.ts'
import { bytes, duration, measured, shortHash } from '../format.ts'

const COLUMNS = ['Round', 'Updates', 'Up', 'Down', 'Again', 'Norm', 'Time', 'Hash'] as const

/** Passes and rounds, newest first; people count both from 1. */
export function RoundsTable({ rounds }: { readonly rounds: readonly RoundView[] }) {
  return (
    <section className="card rounds" aria-labelledby="rounds-title">
      <h2 id="rounds-title">Rounds</h2>
      {rounds.length === 0 ? (
        <p className="empty">None yet. The first begins when enough clients have joined.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        <section className="scroll tall" tabIndex={0} aria-labelledby="rounds-title">
          <table>
            <thead>
              <tr>
                {COLUMNS.map((name) => (
                  <th key={name} scope="col" className={name === 'Round' ? '' : 'number'}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rounds.toReversed().map((round) => (
                <RoundRow key={`${round.kind} ${round.round} ${round.pass}`} round={round} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function RoundRow({ round }: { readonly round: RoundView }) {
  const { kind, committedAt, startedAt } = round
  return (
    <tr className={committedAt === null ? 'open' : ''}>
      <th scope="row">{kind === 'probe' ? `pass ${round.pass + 1}` : round.round}</th>
      <td className="number" title={round.cohort.map(({ clientId, status }) => `${clientId}: ${status}`).join('\n')}>
        {received(round)}/{round.cohort.length}
      </td>
      <td className="number">{bytes(round.uploadBytes)}</td>
      <td className="number">{bytes(round.downloadBytes)}</td>
      <td className="number" title="sent before, or came to nothing">
        {round.retryBytes === 0 ? '–' : bytes(round.retryBytes)}
      </td>
      <td className="number">{measured(round.updateNorm)}</td>
      <td className="number">{committedAt === null ? 'in work' : duration(committedAt - startedAt)}</td>
      <td className="number">
        <code title={`coordinates ${round.coordinatesHash ?? 'not committed'}`}>
          {shortHash(round.coordinatesHash)}
        </code>
      </td>
    </tr>
  )
}
