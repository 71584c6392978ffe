import uPlot from 'uplot'

/** Width of a bar: its share of the distance between two rounds, and the most pixels that it may have. */
const SHARE = 0.38
const MOST = 36

/** Bars on one side of their x, so that two of them stand together. */
export function bars(align: -1 | 1): uPlot.Series.PathBuilder {
  return uPlot.paths.bars!({ size: [SHARE, MOST], align, gap: 1, radius: 0.12 })
}

/** A short level line across each left-hand bar: a floor of its own for each round. */
export const ledges: uPlot.Series.PathBuilder = (plot, series, first, last) => {
  const stroke = new Path2D()
  const at = (x: number) => plot.valToPos(x, 'x', true)
  const width = Math.min(MOST * uPlot.pxRatio, SHARE * (at(1) - at(0)))
  for (let index = first; index <= last; index += 1) {
    const [x, y] = [plot.data[0][index], plot.data[series]?.[index]]
    if (x === undefined || y === undefined || y === null) continue
    const height = plot.valToPos(y, 'y', true)
    stroke.moveTo(at(x) - width, height)
    stroke.lineTo(at(x), height)
  }
  return { stroke, fill: null, clip: null, band: null, flags: 0 }
}
