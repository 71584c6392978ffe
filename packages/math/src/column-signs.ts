import type { Matrix } from './matrix.ts'

/**
 * The sign rule of every decomposition here: the entry of largest magnitude in each column of `lead` (the first of
 * equals) is positive. A column that breaks it is negated, and so is the same column of each of `partners`.
 */
export function orientColumnsInto(lead: Matrix, ...partners: readonly Matrix[]): void {
  for (let j = 0; j < lead.cols; j++) {
    let leader = 0
    for (let i = 0; i < lead.rows; i++) {
      const value = lead.data[i * lead.cols + j]!
      if (Math.abs(value) > Math.abs(leader)) leader = value
    }
    if (leader < 0) for (const each of [lead, ...partners]) negateColumnInto(each, j)
  }
}

function negateColumnInto(a: Matrix, column: number): void {
  for (let at = column; at < a.data.length; at += a.cols) a.data[at] = 0 - a.data[at]!
}
