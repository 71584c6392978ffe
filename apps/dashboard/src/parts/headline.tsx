import type { MetricPoint, RoundView, RunView } from '@tessera/protocol'
import type { ReactNode } from 'react'
import { progressOf } from '../charts/curves.ts'
import { clientTraffic } from '../charts/traffic.ts'
import { bytes, measured, percent, signed } from '../format.ts'
import { PhaseSteps } from './phase-steps.tsx'

interface HeadlineProps {
  readonly run: RunView
  readonly rounds: readonly RoundView[]
  readonly metrics: readonly MetricPoint[]
}

/** The four numbers that people come for. */
export function Headline({ run, rounds, metrics }: HeadlineProps) {
  const accuracy = progressOf(metrics, 'eval-accuracy')
  const loss = progressOf(metrics, 'eval-loss')
  const traffic = clientTraffic(rounds)
  return (
    <section className="tiles" aria-label="At a glance">
      <Tile title="Accuracy" value={accuracy ? percent(accuracy.last) : '–'}>
        {accuracy ? <Change by={accuracy.last - accuracy.first} write={points} up="good" /> : 'no evaluation yet'}
      </Tile>
      <Tile title="Loss" value={loss ? measured(loss.last) : '–'}>
        {loss ? <Change by={loss.last - loss.first} write={(by) => by.toFixed(3)} up="bad" /> : 'no evaluation yet'}
      </Tile>
      <Tile title="Round" value={<Round run={run} />}>
        <PhaseSteps phase={run.phase} />
      </Tile>
      <Tile title="Sent by a client each round" value={traffic ? bytes(traffic.upload) : '–'}>
        {traffic
          ? `floor ${bytes(traffic.floor)} (+${percent(traffic.upload / traffic.floor - 1)})`
          : 'known after the first round'}
      </Tile>
    </section>
  )
}

interface TileProps {
  readonly title: string
  readonly value: ReactNode
  readonly children: ReactNode
}

function Tile({ title, value, children }: TileProps) {
  return (
    <div className="tile card">
      <h3>{title}</h3>
      <p className="value">{value}</p>
      <div className="beside">{children}</div>
    </div>
  )
}

function Round({ run }: { readonly run: RunView }) {
  if (run.phase === 'initialising') {
    return (
      <>
        {Math.min(run.pass + 1, run.passes)} <small>of {run.passes} passes</small>
      </>
    )
  }
  return (
    <>
      {run.round} <small>of {run.rounds}</small>
    </>
  )
}

interface ChangeProps {
  readonly by: number
  readonly write: (by: number) => string
  /** Whether more is better. */
  readonly up: 'good' | 'bad'
}

function Change({ by, write, up }: ChangeProps) {
  const better = up === 'good' ? by > 0 : by < 0
  const tone = by === 0 ? '' : better ? 'better' : 'worse'
  return (
    <>
      <span className={`change ${tone}`}>{signed(write(by), by)}</span> since the start
    </>
  )
}

function points(by: number): string {
  return `${(by * 100).toFixed(1)} points`
}
