import { type BasisDistribution, CHUNK_ENTRIES } from './basis-entries.ts'
import { type BasisForm, type BasisPiece, basisPieces, foldSums } from './basis-form.ts'
import { BASIS_KERNEL } from './basis-kernel.ts'
import { WEYL } from './philox.ts'
import type { StreamOrigin } from './stream-key.ts'

/** Entries that the kernel takes at a time: target, entries and words stay in the nearest cache. */
const PIECE = 2048
const KEYS = 0
const TAIL = 320
const SUMS = 352
const VALUES = 4096

type FillEntries = (counter: number, vector: number, chunks: number) => void

/** What basis-kernel.wat exports. */
interface Kernel extends Readonly<Record<BasisDistribution, FillEntries>> {
  readonly memory: { readonly buffer: ArrayBuffer }
  add(coefficient: number, bytes: number): void
  project(bytes: number): void
}

/** The part of the WebAssembly global that is used here: Node's and a page's. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/**
 * Random bases on WebAssembly's 128-bit SIMD: the bytes of `plainBasis`, an order of magnitude sooner. One page of
 * memory, whatever the sizes. Undefined where the engine has no WebAssembly or no SIMD, or its page forbids it.
 */
export function createSimdBasis(): BasisForm | undefined {
  const kernel = instantiate()
  if (kernel === undefined) return undefined
  const values = new Float32Array(kernel.memory.buffer, VALUES, PIECE)
  const kernelSums = new Float64Array(kernel.memory.buffer, SUMS, 4)
  return {
    addCombination: (target, { origin, distribution }, coefficients, { vector, entry }) => {
      setStream(kernel, origin)
      for (const piece of basisPieces(entry, target.length, PIECE)) {
        const { first, chunks, bytes } = extent(piece, distribution)
        values.set(target.subarray(piece.from, piece.to), piece.at)
        for (let k = 0; k < coefficients.length; k++) {
          if (coefficients[k] === 0) continue
          kernel[distribution](first, vector + k, chunks)
          kernel.add(coefficients[k]!, bytes)
        }
        target.set(values.subarray(piece.at, piece.at + piece.to - piece.from), piece.from)
      }
    },
    projectOnto: ({ origin, distribution }, wanted, count, { vector, entry }) => {
      setStream(kernel, origin)
      const sums = new Float64Array(4 * count)
      for (const piece of basisPieces(entry, wanted.length, PIECE)) {
        const { first, chunks, bytes } = extent(piece, distribution)
        values.fill(0)
        values.set(wanted.subarray(piece.from, piece.to), piece.at)
        for (let k = 0; k < count; k++) {
          for (let lane = 0; lane < 4; lane++) kernelSums[lane] = sums[4 * k + lane]!
          kernel[distribution](first, vector + k, chunks)
          kernel.project(bytes)
          sums.set(kernelSums, 4 * k)
        }
      }
      return foldSums(sums)
    },
  }
}

function instantiate(): Kernel | undefined {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }
  if (WebAssembly?.validate(BASIS_KERNEL) !== true) return undefined
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(BASIS_KERNEL)).exports as Kernel
  } catch {
    return undefined // a page whose content security policy forbids code from bytes
  }
}

/** The counter of a piece's first entry, the chunks that cover the piece, and the bytes of values up to its end. */
function extent({ start, at, from, to }: BasisPiece, distribution: BasisDistribution) {
  const end = at + to - from
  const length = CHUNK_ENTRIES[distribution]
  return { first: (4 * start) / length, chunks: Math.ceil(end / length), bytes: 16 * Math.ceil(end / 4) }
}

/** Write the keys of all rounds and the stream's tail, each into four lanes. */
function setStream({ memory }: Kernel, { key, tail }: StreamOrigin): void {
  const keys = new Uint32Array(memory.buffer, KEYS, 80)
  for (let at = 0; at < 80; at++) {
    const which = (at >> 2) & 1
    keys[at] = key[which]! + (at >> 3) * WEYL[which]!
  }
  const words = new Uint32Array(memory.buffer, TAIL, 8)
  words.fill(tail[0], 0, 4).fill(tail[1], 4, 8)
}
