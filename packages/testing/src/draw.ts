import fc from 'fast-check'

/** A tensor of a test: its values, and what they are. */
export interface DrawnTensor {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32'
  readonly data: Float32Array | Int32Array
}

/** Random shapes, axes and tensors for one run of a property; fast-check prints the seed and shrinks them. */
export class Draw {
  readonly #next: fc.GeneratorValue

  constructor(next: fc.GeneratorValue) {
    this.#next = next
  }

  integer(min: number, max: number): number {
    return this.#next(fc.integer, { min, max })
  }

  boolean(): boolean {
    return this.#next(fc.boolean)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!
  }

  /** Dimensions from `minDim` (0: possibly empty) to 4. */
  shape(minRank: number, maxRank: number, minDim = 0): number[] {
    return Array.from({ length: this.integer(minRank, maxRank) }, () => this.integer(minDim, 4))
  }

  /** Two or more shapes that broadcast together: axes of `full` are dropped in front or become 1. */
  broadcastable(count: number, full: readonly number[] = this.shape(0, 4)): number[][] {
    return Array.from({ length: count }, () => {
      const from = this.integer(0, full.length)
      return full.slice(from).map((dim) => (this.boolean() ? dim : 1))
    })
  }

  /** An axis of `shape`, counted from either end. */
  axis(shape: readonly number[]): number {
    const axis = this.integer(0, shape.length - 1)
    return this.boolean() ? axis : axis - shape.length
  }

  /** Some axes of `shape`, at least one, in any order, counted from either end. */
  axes(shape: readonly number[]): number[] {
    const chosen = this.permutation(shape.length).slice(0, this.integer(1, shape.length))
    return chosen.map((axis) => (this.boolean() ? axis : axis - shape.length))
  }

  permutation(length: number): number[] {
    const rest = Array.from({ length }, (_, i) => i)
    return Array.from({ length }, () => rest.splice(this.integer(0, rest.length - 1), 1)[0]!)
  }

  /** Numbers in [low, high), uniform. */
  floats(shape: readonly number[], low = -2, high = 2): DrawnTensor {
    const random = this.#uniform()
    const data = Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random())
    return { shape, dtype: 'float32', data }
  }

  /** Integers in [low, high], uniform. */
  ints(shape: readonly number[], low = -4, high = 4): DrawnTensor {
    const random = this.#uniform()
    const data = Int32Array.from({ length: sizeOf(shape) }, () => low + Math.floor((high - low + 1) * random()))
    return { shape, dtype: 'int32', data }
  }

  /** Either kind. */
  numbers(shape: readonly number[], low = -4, high = 4): DrawnTensor {
    return this.boolean() ? this.floats(shape, low, high) : this.ints(shape, low, high)
  }

  /** mulberry32 from one drawn seed: a tensor is one choice to fast-check, whatever its size. */
  #uniform(): () => number {
    let state = this.#next(fc.integer)
    return () => {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dim) => size * dim, 1)
