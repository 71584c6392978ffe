// Loaded before anything else, this makes every clock of the process that can be set wrong by CLOCK_SHIFT_MS.
const Right = Date
const shift = Number(process.env.CLOCK_SHIFT_MS)

globalThis.Date = class extends Right {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Right.now() + shift] : parts))
  }

  static now() {
    return Right.now() + shift
  }
}
process.stderr.write(`its clock says ${new Date().toISOString()}\n`)
