/**
 * The random bases of `@tessera/math` (basis-entries.ts) in WGSL: Philox 4x32-10, and what its words become. Only
 * integer operations, exact float32 products and, in `combine`, single float32 products and sums, which WGSL rounds
 * correctly; https://www.w3.org/TR/WGSL/#floating-point-accuracy.
 */
const PHILOX = `
struct Params {
  key: vec2u,       // of the stream
  tail: vec2u,
  vector: u32,      // the first one
  vectors: u32,
  group: u32,       // the first one; a group is the entries of four invocations
  skip: u32,        // entries of it before the first value
  length: u32,      // of the values
  zero: u32,        // 0, which the compiler must not know
}
@group(0) @binding(0) var<uniform> params: Params;

/** The upper 32 bits of the 64-bit product, from four 16-bit products; no step overflows. */
fn multiply_high(x: u32, y: u32) -> u32 {
  let middle = (x >> 16u) * (y & 0xffffu) + (((x & 0xffffu) * (y & 0xffffu)) >> 16u);
  let upper = (x & 0xffffu) * (y >> 16u) + (middle & 0xffffu);
  return (x >> 16u) * (y >> 16u) + (middle >> 16u) + (upper >> 16u);
}

fn philox(counter: vec4u) -> vec4u {
  var s = counter;
  var key = params.key;
  for (var round = 0u; round < 10u; round++) {
    let high = vec2u(multiply_high(0xd2511f53u, s.x), multiply_high(0xcd9e8d57u, s.z));
    s = vec4u(high.y ^ s.y ^ key.x, 0xcd9e8d57u * s.z, high.x ^ s.w ^ key.y, 0xd2511f53u * s.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return s;
}

/** The four words of v_vector for one counter. */
fn words_of(counter: u32, vector: u32) -> vec4u {
  return philox(vec4u(counter, vector, params.tail));
}
`

/** Words of v_vector, from counter 4 · group on, four for each invocation. */
export const WORDS_SHADER = `${PHILOX}
@group(0) @binding(1) var<storage, read_write> values: array<vec4u>;

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&values)) { return; }
  values[id.x] = words_of(4u * params.group + id.x, params.vector);
}
`

/** One distribution: entries that one invocation makes, and how. They lie four apart. */
interface EntryShader {
  readonly entries: number
  readonly source: string
}

/** `make_entries(t, vector)`: with m entries an invocation, entry q is entry 4 m floor(t / 4) + t mod 4 + 4 q of v. */
export const ENTRY_SHADERS: Readonly<Record<'uniform' | 'rademacher' | 'bell', EntryShader>> = {
  uniform: {
    entries: 8,
    source: `
fn make_entries(t: u32, vector: u32) -> array<f32, 8> {
  let words = words_of(t, vector);
  var made: array<f32, 8>;
  for (var j = 0u; j < 4u; j++) {
    made[2u * j] = f32(2 * (bitcast<i32>(words[j]) >> 16u) + 1) * 0x1p-16f;
    made[2u * j + 1u] = f32(2 * (bitcast<i32>(words[j] << 16u) >> 16u) + 1) * 0x1p-16f;
  }
  return made;
}`,
  },
  rademacher: {
    entries: 32,
    source: `
fn make_entries(t: u32, vector: u32) -> array<f32, 32> {
  let words = words_of(4u * (t / 16u) + t % 4u, vector);
  let word = words[(t / 4u) % 4u];
  var made: array<f32, 32>;
  for (var q = 0u; q < 32u; q++) {
    made[q] = 1f - 2f * f32((word >> (31u - q)) & 1u);
  }
  return made;
}`,
  },
  bell: {
    entries: 2,
    source: `
fn byte_sum(word: u32) -> i32 {
  return i32((word & 0xffu) + ((word >> 8u) & 0xffu) + ((word >> 16u) & 0xffu) + (word >> 24u));
}

fn make_entries(t: u32, vector: u32) -> array<f32, 2> {
  let words = words_of(t, vector);
  return array<f32, 2>(
    f32(byte_sum(words.x) + byte_sum(words.y) - 1020) * 0x1.3988p-8f,
    f32(byte_sum(words.z) + byte_sum(words.w) - 1020) * 0x1.3988p-8f,
  );
}`,
  },
}

/**
 * values[i] += Σ_k coefficients[k] · v_{vector + k}[i], k ascending. A compiler may fuse a product with the sum that
 * takes it, which rounds once instead of twice: so the product passes through an exclusive or with a 0 that is read
 * from memory.
 */
export function combineShader({ entries, source }: EntryShader): string {
  return `${PHILOX}${source}

@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<storage, read> coefficients: array<f32>;

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = 4u * params.group + id.x;
  let first = ${4 * entries}u * (id.x / 4u) + id.x % 4u;
  var sums: array<f32, ${entries}>;
  for (var q = 0u; q < ${entries}u; q++) {
    let at = first + 4u * q;
    if (at >= params.skip && at - params.skip < params.length) { sums[q] = values[at - params.skip]; }
  }
  for (var k = 0u; k < params.vectors; k++) {
    let coefficient = coefficients[k];
    if (coefficient == 0f) { continue; }
    let made = make_entries(t, params.vector + k);
    for (var q = 0u; q < ${entries}u; q++) {
      sums[q] += bitcast<f32>(bitcast<u32>(coefficient * made[q]) ^ params.zero);
    }
  }
  for (var q = 0u; q < ${entries}u; q++) {
    let at = first + 4u * q;
    if (at >= params.skip && at - params.skip < params.length) { values[at - params.skip] = sums[q]; }
  }
}
`
}
