/** Where two values of plain JSON differ first. */
export interface ValueDifference {
  /** `members.a.examples`; empty for the whole. */
  readonly path: string
  readonly left: unknown
  readonly right: unknown
}

/** The first place, in the order of the left value's keys and then of the right one's, where two JSON values differ. */
export function firstDifference(left: unknown, right: unknown, path = ''): ValueDifference | null {
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) {
    return Object.is(left, right) ? null : { path, left, right }
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], path === '' ? key : `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
