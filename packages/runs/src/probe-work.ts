import { type AdapterLayout, type FactorSet, factorKey, flatten, layoutOf, type Probe } from '@tessera/adapters'
import { dataPlaceOf, passProbes, type StageSetting } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { type ActivationMomentsOptions, activationMoments, type ProbeRows, probeRows } from '@tessera/trainer'
import type { Site } from '@tessera/vocabulary'
import type { RunSpec } from './run-spec.ts'

/** What a client measures in one pass of a federated initialisation. */
export interface ProbeWork {
  readonly probes: readonly { readonly site: Site; readonly probe: Probe }[]
  /** Of what is sent. */
  readonly layout: AdapterLayout
  /** The panels of the pass, by `factorKey`. */
  readonly frozen: FactorSet
  /** Which of a client's rows it measures on. */
  readonly rows: Pick<ProbeRows, 'batches' | 'batchSize' | 'seed'>
}

/** @param panels By site name, as the artefact of the pass before has them; null in the first. */
export function probeWork(setting: StageSetting, pass: number, panels: FactorSet | null): ProbeWork {
  const { seed, train } = setting.spec as RunSpec
  const place = dataPlaceOf(setting)
  const probes = passProbes(setting, pass, panels)
  const frozen = probes.flatMap(({ site, probe }) =>
    Object.entries(probe.frozen).map(([name, data]) => [factorKey(site.name, name), data] as const),
  )
  return {
    probes,
    layout: layoutOf(probes.map(({ site, probe }) => ({ site, adapter: probe.adapter }))),
    frozen: Object.fromEntries(frozen),
    rows: { batches: place?.kind === 'federated' ? place.batches : 0, batchSize: train.batchSize, seed },
  }
}

type Reports = Pick<ActivationMomentsOptions, 'onProgress' | 'signal'>
type Measuring = Pick<ProbeRows, 'examples' | 'client'> & Pick<ActivationMomentsOptions, 'executor'> & Reports

/** A client's part of a pass that looks at activations; null where the pass looks at gradients. */
export async function momentsUpdate(
  { probes, layout, rows }: ProbeWork,
  model: BaseModel,
  { examples, client, ...measuring }: Measuring,
): Promise<Float32Array | null> {
  const { statistic } = probes[0].probe
  if (statistic.of === 'gradient') return null
  const moments = await activationMoments({
    ...measuring,
    model,
    panels: probes.map(({ site, probe }) => ({ site, panel: probe.frozen.P })),
    batches: probeRows({ ...rows, examples, client }),
    batchSize: rows.batchSize,
    tokens: statistic.tokens,
  })
  const keyed = probes.map(({ site }) => [factorKey(site.name, 'moments'), moments[site.name]] as const)
  return flatten(layout, Object.fromEntries(keyed))
}
