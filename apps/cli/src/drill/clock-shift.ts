/**
 * A module for `node --import` that moves a process's wall clock: `Date.now()`, `new Date()` and `Date()` are `byMs`
 * later. Dates that are given a time keep it, and timers, which have a clock of their own, do not notice.
 */
export function clockShift(byMs: number): string {
  const code = `
    const real = Date
    const now = () => real.now() + ${byMs}
    globalThis.Date = new Proxy(real, {
      construct: (date, given, made) => Reflect.construct(date, given.length === 0 ? [now()] : given, made),
      apply: () => new real(now()).toString(),
      get: (date, key) => (key === 'now' ? now : Reflect.get(date, key)),
    })`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
