import type { RoundView } from '@tessera/protocol'
import type { ClientId } from '@tessera/vocabulary'
import { bytes, times } from '../format.ts'
import type { ChartLine, ChartSpec } from './chart-spec.ts'

/** Bytes of each training round, up and down, beside the least that the updates could take; of all, or of one client. */
export function trafficChart(rounds: readonly RoundView[], client: ClientId | null = null): ChartSpec {
  const trained = trainedOf(rounds)
  const shown = trained.map((round) => (client === null ? ofAll(round) : ofClient(round, client)))
  const retries = shown.map(({ retry }) => retry || null)
  const retried: ChartLine[] = retries.every((retry) => retry === null)
    ? []
    : [{ label: 'sent again', look: 'retry', values: retries }]
  return {
    x: trained.map(({ round }) => round),
    lines: [
      { label: 'up', look: 'up', values: shown.map(({ up }) => up) },
      { label: 'down', look: 'down', values: shown.map(({ down }) => down) },
      { label: 'floor', look: 'floor', values: shown.map(({ floor }) => floor || null) },
      ...retried,
    ],
    formatX: String,
    formatY: bytes,
    fromZero: true,
  }
}

/** How many times smaller the updates of a round are than plain float32, and how many times its floor a round sent. */
export function ratioChart(rounds: readonly RoundView[]): ChartSpec {
  const trained = trainedOf(rounds)
  const ratio = (of: number, to: number) => (to === 0 ? null : of / to)
  const compression = trained.map(({ plainBytes, updateBytes }) => ratio(plainBytes, updateBytes))
  const overFloor = trained.map(({ uploadBytes, uploadFloorBytes }) => ratio(uploadBytes, uploadFloorBytes))
  return {
    x: trained.map(({ round }) => round),
    lines: [
      { label: 'all sent, over the floor', look: 'above', values: overFloor },
      { label: 'smaller than float32', look: 'strong', values: compression },
    ],
    formatX: String,
    formatY: times,
  }
}

const trainedOf = (rounds: readonly RoundView[]): RoundView[] => rounds.filter(({ kind }) => kind === 'train')

interface Shown {
  readonly up: number | null
  readonly down: number | null
  readonly floor: number | null
  readonly retry: number | null
}

function ofAll({ uploadBytes: up, downloadBytes: down, uploadFloorBytes: floor, retryBytes: retry }: RoundView): Shown {
  return { up, down, floor, retry }
}

function ofClient({ cohort }: RoundView, client: ClientId): Shown {
  const parts = cohort.filter(({ clientId }) => clientId === client)
  const own = parts.at(-1) // every part of a client has all the bytes that it moved in the round
  return {
    up: own?.uploadBytes ?? null,
    down: own?.downloadBytes ?? null,
    floor: own?.floorBytes ?? null,
    retry: own?.retryBytes ?? null,
  }
}

/** Everyone who was in a round, by name. */
export function clientsOf(rounds: readonly RoundView[]): ClientId[] {
  const names = new Set(rounds.flatMap(({ cohort }) => cohort.map(({ clientId }) => clientId)))
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** How many of a round's cohort have delivered. */
export function received({ cohort }: RoundView): number {
  return cohort.filter(({ status }) => status === 'delivered').length
}

export interface ClientTraffic {
  readonly round: number
  readonly upload: number
  readonly floor: number
}

/** Bytes that a client sent in the last committed round, averaged over those that delivered; null before the first. */
export function clientTraffic(rounds: readonly RoundView[]): ClientTraffic | null {
  const last = rounds.findLast(({ kind, committedAt }) => kind === 'train' && committedAt !== null)
  const clients = last === undefined ? 0 : received(last)
  if (last === undefined || clients === 0) return null
  const { round, uploadBytes, uploadFloorBytes } = last
  return { round, upload: uploadBytes / clients, floor: uploadFloorBytes / clients }
}

/** Bytes of all passes of the initialisation together; null for a run that has none. */
export function initialisationBytes(rounds: readonly RoundView[]): { passes: number; up: number; down: number } | null {
  const passes = rounds.filter(({ kind }) => kind === 'probe')
  if (passes.length === 0) return null
  const total = (of: (round: RoundView) => number) => passes.reduce((sum, pass) => sum + of(pass), 0)
  return { passes: passes.length, up: total((pass) => pass.uploadBytes), down: total((pass) => pass.downloadBytes) }
}
