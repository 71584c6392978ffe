import { FedError } from '@tessera/vocabulary'
import type { StartContext } from './adapter-method.ts'
import type { Spectrum } from './spectrum.ts'

/** The base weight of the site. @throws {FedError} `invalid-argument`: the caller has none at hand. */
export function requireWeight({ site, weight }: StartContext): Float32Array {
  if (weight !== null) return weight
  throw new FedError('invalid-argument', `the start at ${site.name} is made from its base weight, and none was given`)
}

/**
 * A spectrum with orthonormal bases on both sides.
 *
 * @throws {FedError} `invalid-config`: the initialisation gives something else; `invalid-argument`: none was given.
 */
export function requireBases(context: StartContext): Spectrum {
  const spectrum = requireProduct(context)
  if (spectrum.start === 'zero') return spectrum
  throw new FedError('invalid-config', 'this initialisation gives a product to start from, the method needs bases', {
    details: { site: context.site.name },
    fix: 'Choose another initialisation, or a method that starts from a product: lora with adapter.start = product.',
  })
}

/**
 * A spectrum with two sides, whose product can be started from.
 *
 * @throws {FedError} `invalid-config`: the initialisation gives right vectors only; `invalid-argument`: none was given.
 */
export function requireProduct({ site, spectrum }: StartContext): Spectrum {
  if (spectrum === null) {
    throw new FedError('invalid-argument', `the start at ${site.name} is made from a spectrum, and none was given`)
  }
  if (spectrum.start !== 'right') return spectrum
  throw new FedError('invalid-config', 'this initialisation gives an input basis only, the method needs both sides', {
    details: { site: site.name },
    fix: 'Choose another initialisation, or a method that starts from its right side: lora with adapter.start = zero.',
  })
}
