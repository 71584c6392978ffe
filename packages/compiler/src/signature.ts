import { FedError, ShapeError } from '@tessera/vocabulary'
import { sizeOf } from './graph.ts'
import type { Arrays, Signature, TensorSpec } from './program.ts'

/**
 * Refuses arrays that do not fit a step's signature.
 * @throws {FedError} `shape-mismatch` naming the tensor and both sides.
 */
export function checkArrays(signature: Signature, arrays: Arrays): void {
  const unknown = Object.keys(arrays).find((name) => !Object.hasOwn(signature, name))
  if (unknown !== undefined) {
    const known = Object.keys(signature).join(', ')
    throw new FedError('shape-mismatch', `the step has no input "${unknown}"; its inputs are: ${known}`)
  }
  for (const [name, spec] of Object.entries(signature)) checkArray(name, spec, arrays[name])
}

function checkArray(name: string, spec: TensorSpec, data: Arrays[string] | undefined): void {
  if (data === undefined) throw new FedError('shape-mismatch', `the step's input "${name}" is missing`)
  const given = data instanceof Int32Array ? 'int32' : data instanceof Float32Array ? 'float32' : typeof data
  if (given !== spec.dtype) {
    throw new FedError('shape-mismatch', `input "${name}": expected ${spec.dtype}, got ${given}`)
  }
  const expected = sizeOf(spec.shape)
  if (data.length !== expected) throw new ShapeError(`input "${name}" [${spec.shape}]`, expected, data.length)
}
