import { FedError } from '@tessera/vocabulary'

/** Dispatches of one shader over the same values, one after the other. */
export interface ShaderRun {
  /**
   * @param params What binding 0 holds.
   * @param invocations The least number of them, in groups of 64.
   * @param input What binding 2 holds, if the shader has one.
   */
  dispatch(params: Uint32Array, invocations: number, input?: Float32Array): void
  /**
   * The values' bytes after the last dispatch. To be called once.
   * @throws {FedError} `device-missing`: the device refused the shader, or something that was dispatched.
   */
  finish(): Promise<ArrayBuffer>
}

/** Begin a run of the shader `code`, with `values` as what binding 1 holds at first; then dispatch and finish at once. */
export type BeginRun = (code: string, values: Uint32Array | Float32Array) => ShaderRun

/** Every shader is compiled once. */
export function createShaderRuns(device: GPUDevice): BeginRun {
  const pipelines = new Map<string, GPUComputePipeline>()
  return (code, values) => {
    device.pushErrorScope('validation')
    const pipeline =
      pipelines.get(code) ??
      device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } })
    pipelines.set(code, pipeline)
    const buffers = createBuffers(device)
    const { STORAGE, COPY_SRC, UNIFORM } = GPUBufferUsage
    const held = buffers.filled(values, STORAGE | COPY_SRC)
    return {
      dispatch: (params, invocations, input) => {
        const inputs = input === undefined ? [] : [buffers.filled(input, STORAGE)]
        const entries = [buffers.filled(params, UNIFORM), held, ...inputs].map((buffer, binding) => ({
          binding,
          resource: { buffer },
        }))
        const encoder = device.createCommandEncoder()
        const pass = encoder.beginComputePass()
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
        pass.dispatchWorkgroups(Math.ceil(invocations / 64))
        pass.end()
        device.queue.submit([encoder.finish()])
      },
      finish: async () => {
        const copy = buffers.copyOf(held)
        try {
          // Asked for before anything is awaited: scopes are a stack, and another run may begin meanwhile.
          const error = await device.popErrorScope()
          if (error !== null) throw refusal(error.message)
          await copy.mapAsync(GPUMapMode.READ).catch((cause: unknown) => {
            throw refusal(String(cause), cause)
          })
          return copy.getMappedRange().slice(0)
        } finally {
          buffers.destroy()
        }
      },
    }
  }
}

const refusal = (why: string, cause?: unknown): FedError =>
  new FedError('device-missing', `WebGPU does not run a shader: ${why}`, {
    cause,
    fix: 'Update the graphics driver, or compute on the processor: the numbers are the same.',
  })

function createBuffers(device: GPUDevice) {
  const all: GPUBuffer[] = []
  const create = (size: number, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST })
    all.push(buffer)
    return buffer
  }
  return {
    filled: (data: Uint32Array | Float32Array, usage: number): GPUBuffer => {
      const buffer = create(data.byteLength, usage)
      device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>)
      return buffer
    },
    /** A copy that can be read here, made after all that was submitted so far. */
    copyOf: (source: GPUBuffer): GPUBuffer => {
      const copy = create(source.size, GPUBufferUsage.MAP_READ)
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(source, 0, copy, 0, source.size)
      device.queue.submit([encoder.finish()])
      return copy
    },
    destroy: () => {
      for (const buffer of all) buffer.destroy()
    },
  }
}
