import { adapterMethods, type Initialisation, initialisations, type Spectrum, takesSpectrum } from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import { FedError } from '@tessera/vocabulary'
import { initialisationOf, methodOf, type StageSetting, sourceOf } from './stage-layout.ts'

/**
 * Refuse a start that can not be made before any client is asked: an initialisation that the method has no use for, or
 * one that it needs and has not; a source that the initialisation does not have; spectra that the method does not take.
 *
 * @throws {FedError} `invalid-config`, `rank-too-large`.
 */
export function requireStart(setting: StageSetting): void {
  const { name } = setting.spec.initialisation
  const method = methodOf(setting)
  if (name !== 'none' && !takesSpectrum(method)) {
    const others = adapterMethods.plugins.filter(takesSpectrum).map((own) => own.name)
    const message = `${method.name} makes its start itself, and the initialisation ${name} would change nothing`
    throw new FedError('invalid-config', message, {
      fix: `Leave initialisation out (none); methods that start from one are: ${others.join(', ')}.`,
    })
  }
  if (name === 'none') {
    if (!takesSpectrum(method) || rehearsal(setting, null) === null) return
    const fitting = initialisations.plugins.filter((own) => rehearsal(setting, own) === null).map((own) => own.name)
    throw new FedError('invalid-config', `${method.name} can not start without an initialisation as it is set here`, {
      fix: `Set initialisation.name to one of: ${fitting.join(', ')}.`,
    })
  }
  for (const site of setting.sites) sourceOf(setting, site)
  const refused = rehearsal(setting, initialisationOf(setting))
  if (refused !== null) throw refused
}

/** Why the method can not start from what the initialisation gives, or from nothing; null where it can. */
function rehearsal(setting: StageSetting, initialisation: Initialisation | null): FedError | null {
  const [site] = setting.sites
  const rank = Number(setting.spec.adapter.rank)
  const spectrum: Spectrum | null = initialisation && {
    u: new Float32Array(initialisation.start === 'right' ? 0 : site.outDim * rank),
    s: new Float32Array(rank),
    vT: new Float32Array(rank * site.inDim),
    start: initialisation.start,
  }
  const random = createRandomStream({ seed: 0, purpose: 'rehearsal', round: 0, client: 0, block: 0 })
  try {
    methodOf(setting).start({ site, spectrum, weight: null, random }, setting.spec.adapter as never)
    return null
  } catch (error) {
    if (error instanceof FedError) return error
    throw error
  }
}
