const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes with three figures, in powers of 1000: `9.22 kB`. */
export function bytes(count: number): string {
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** power
  const decimals = power === 0 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0
  return `${value.toFixed(decimals)} ${UNITS[power]}`
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** A ratio with three figures: `31.9×`. */
export function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : ratio < 100 ? 1 : 0)}×`
}

/** A loss or another measurement, with at most four figures. */
export function measured(value: number | null): string {
  if (value === null) return '–'
  const size = Math.abs(value)
  if (size !== 0 && (size < 0.001 || size >= 100_000)) return value.toExponential(2)
  return value.toFixed(size < 10 ? 3 : size < 1000 ? 1 : 0)
}

/** A change with its sign; the minus is the typographic one. */
export function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text.replace('-', '−')
}

/** Time that has passed, in its largest unit: `3 min`. Never negative: two clocks need not agree. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export function ago(at: number, now: number): string {
  return now - at < 5000 ? 'now' : `${duration(now - at)} ago`
}

export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
}

export function shortHash(hash: string | null): string {
  return hash === null ? '–' : hash.slice(0, 8)
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
