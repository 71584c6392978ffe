import type { RoundView } from '@tessera/protocol'
import type { ClientId } from '@tessera/vocabulary'
import { useMemo, useState } from 'react'
import { Chart } from '../charts/chart.tsx'
import { clientsOf, initialisationBytes, ratioChart, trafficChart } from '../charts/traffic.ts'
import { bytes, plural } from '../format.ts'
import { RoundsTable } from './rounds-table.tsx'

interface TrafficProps {
  readonly rounds: readonly RoundView[]
  readonly theme: string
}

const NOT_BEGUN = 'The first round has not begun.'

/** What each round moved over the network, drawn and written. */
export function Traffic({ rounds, theme }: TrafficProps) {
  const [client, choose] = useState<ClientId | null>(null)
  const spec = useMemo(() => trafficChart(rounds, client), [rounds, client])
  const ratios = useMemo(() => ratioChart(rounds), [rounds])
  const initialisation = initialisationBytes(rounds)
  return (
    <>
      <div className="pair">
        <Chart
          title="Bytes of each round"
          spec={spec}
          theme={theme}
          empty={NOT_BEGUN}
          beside={<ClientChoice clients={clientsOf(rounds)} chosen={client} onChoose={choose} />}
        >
          <p className="footnote">
            The floor is the least that the updates could take.
            {initialisation &&
              ` Before round 1 the initialisation took ${plural(initialisation.passes, 'pass', 'passes')}: ${bytes(initialisation.up)} up, ${bytes(initialisation.down)} down.`}
          </p>
        </Chart>
        <Chart title="Compression" spec={ratios} theme={theme} empty="The first update has not arrived.">
          <p className="footnote">
            Updates against the same numbers as float32, and all that was sent up against the floor.
          </p>
        </Chart>
      </div>
      <RoundsTable rounds={rounds} />
    </>
  )
}

interface ClientChoiceProps {
  readonly clients: readonly ClientId[]
  readonly chosen: ClientId | null
  readonly onChoose: (client: ClientId | null) => void
}

function ClientChoice({ clients, chosen, onChoose }: ClientChoiceProps) {
  return (
    <select
      aria-label="Bytes of which client"
      value={chosen ?? ''}
      onChange={({ target }) => onChoose(clients.find((client) => client === target.value) ?? null)}
    >
      <option value="">all clients</option>
      {clients.map((client) => (
        <option key={client}>{client}</option>
      ))}
    </select>
  )
}
