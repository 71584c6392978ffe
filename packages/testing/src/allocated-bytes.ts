const KINDS = [
  'ArrayBuffer',
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
] as const

type Kind = Uint8ArrayConstructor
const constructors = globalThis as unknown as Record<string, Kind>

/**
 * Bytes of array memory that `work` makes, freed or not: a stand-in of every constructor counts them, so that copies
 * by `slice` or `from` count as well and views on memory that is there do not.
 */
export function allocatedBytes(work: () => void): number {
  let bytes = 0
  const restore = KINDS.map((name) => {
    const original = constructors[name]!
    const counting = new Proxy(original, {
      construct(target, args) {
        const made: Uint8Array = Reflect.construct(target, args)
        if (!(args[0] instanceof ArrayBuffer)) bytes += made.byteLength
        return made
      },
    })
    const install = (made: Kind) => {
      constructors[name] = made
      Object.defineProperty(original.prototype, 'constructor', { value: made, configurable: true, writable: true })
    }
    install(counting)
    return () => install(original)
  })
  try {
    work()
  } finally {
    for (const each of restore) each()
  }
  return bytes
}
