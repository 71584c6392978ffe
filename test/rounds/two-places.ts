/** Tiny texts, one line each, with these labels in turn. */
export const rows = (labels: readonly string[], count: number): string =>
  Array.from({ length: count }, (_, at) => {
    const label = labels[at % labels.length]!
    return JSON.stringify({ text: `${label}${'klm'.slice(at % 3)}`, label })
  }).join('\n')

/** Two places whose labels differ in part: quick to learn, and no client is like the other. */
export const TWO_PLACES = { north: rows(['ab', 'x'], 12), south: rows(['ad', 'x'], 8) }
