/** A case as text: equal for equal cases, whatever the order of their fields. */
export const caseKey = (settings: object): string => JSON.stringify(sorted(settings))

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, part]) => [name, sorted(part)]))
}
