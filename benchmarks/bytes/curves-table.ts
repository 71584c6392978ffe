import { markdownTable } from '../federation/markdown-table.ts'
import type { Curve } from './bench-case.ts'

const HEAD = ['method', 'codec', 'k', 'rate', 'rounds', 'up B/client', 'seconds', 'accuracy']

/** All points of the curves as a Markdown table. */
export const curvesTable = (curves: readonly Curve[]): string =>
  markdownTable(
    HEAD,
    curves
      .flat()
      .map((row) => [
        row.method,
        row.codec,
        row.k ?? '',
        row.rate,
        row.rounds,
        row.uploadBytesPerClient,
        row.seconds,
        `${(100 * row.accuracy).toFixed(1)} %`,
      ]),
  )
