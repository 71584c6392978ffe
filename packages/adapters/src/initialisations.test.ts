import { leadingColumns, type Matrix, matrix, multiply, qr, svd, symmetricEigen, transpose } from '@tessera/math'
import { describeInitialisation, type InitialisationPaper, type StartingPoint } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { initialisations } from './index.ts'

const scaledRows = (m: Matrix, factors: ArrayLike<number>): Matrix =>
  matrix(
    m.rows,
    m.cols,
    m.data.map((value, at) => value * factors[Math.floor(at / m.cols)]),
  )
const columns = (m: Matrix, from: number, count: number): Matrix =>
  transpose(matrix(count, m.rows, transpose(m).data.slice(from * m.rows, (from + count) * m.rows)))
/** Σ of the singular triples from..from + count. */
function terms(m: Matrix, from: number, count: number): Matrix {
  const { u, s, v } = svd(m)
  return multiply(columns(u, from, count), scaledRows(transpose(columns(v, from, count)), s.slice(from)))
}
const leadingTerms = (m: Matrix, rank: number): Matrix => terms(m, 0, rank)

/** U[r, 2r) diag(s) Vᵀ[0, r) of the measured descent times a factor. */
function loraGaProduct({ measured, rank, site }: StartingPoint, gamma: number, paper: boolean): Matrix {
  const { u, s, v } = svd(measured)
  const c = site.outDim ** 0.25 / Math.sqrt(gamma)
  const factors = [...s.slice(rank, 2 * rank)].map((value) => (paper ? c * c : c * value))
  return multiply(columns(u, rank, rank), scaledRows(transpose(leadingColumns(v, rank)), factors))
}

/** The authors' way: r terms of the SVD of W C, times the inverse of C. */
function cordaProduct({ weight, measured, rank }: StartingPoint, smallest: boolean): Matrix {
  const trace = measured.data.reduce((sum, value, at) => (at % (measured.rows + 1) === 0 ? sum + value : sum), 0)
  const damped = matrix(
    measured.rows,
    measured.rows,
    measured.data.map((value, at) => (at % (measured.rows + 1) === 0 ? value + (0.01 * trace) / measured.rows : value)),
  )
  const { values, vectors } = symmetricEigen(damped)
  const inverse = multiply(
    vectors,
    scaledRows(
      transpose(vectors),
      values.map((value) => 1 / value),
    ),
  )
  const oriented = multiply(weight, damped)
  const from = smallest ? Math.min(weight.rows, weight.cols) - rank : 0
  return multiply(terms(oriented, from, rank), inverse)
}

/** diag(share of the variance) Vᵀ for the leading eigenvectors. */
function explained({ measured, rank }: StartingPoint): Matrix {
  const { values, vectors } = symmetricEigen(measured)
  const total = values.reduce((sum, value) => sum + value, 0)
  return scaledRows(
    transpose(leadingColumns(vectors, rank)),
    values.map((value) => value / total),
  )
}

const file = { kind: 'calibration', file: 'a' }
const clients = { kind: 'federated', oversample: 2, powerPasses: 1 }

/** Every initialisation by name, in each of the forms that its options give it; rank 2 at layers [14, 9] and [8, 12]. */
const PAPERS: Readonly<Record<string, readonly InitialisationPaper[]>> = {
  'calibration': [
    { options: { file: 'a' }, expected: ({ measured, rank }) => leadingTerms(measured, rank) },
    {
      options: { file: 'a', variant: 'adam-sign' },
      expected: ({ measured, rank }) => leadingTerms({ ...measured, data: measured.data.map(Math.sign) }, rank),
    },
  ],
  'corda': [
    { options: { data: file }, expected: (at) => cordaProduct(at, false) },
    { options: { data: file, mode: 'knowledge-preserved' }, expected: (at) => cordaProduct(at, true) },
    {
      options: { data: clients },
      refusals: [
        {
          options: { data: clients, mode: 'knowledge-preserved' },
          rank: 2,
          says: 'a sketch of 4 of the 9 directions at a tall layer has the largest',
        },
      ],
    },
    {
      options: { data: { ...clients, oversample: 10 }, mode: 'knowledge-preserved' },
      expected: (at) => cordaProduct(at, true),
    },
  ],
  'eva': [
    { options: { data: file, rho: 1 }, expected: explained },
    { options: { data: file }, expected: (at) => explained({ ...at, rank: 4 }) },
    { options: { data: clients } },
  ],
  'federated-sketch': [
    { options: { oversample: 2, powerPasses: 1 }, expected: ({ measured, rank }) => leadingTerms(measured, rank) },
  ],
  'lora-ga': [
    {
      options: { data: file, gamma: 9 },
      expected: (at) => loraGaProduct(at, 9, false),
      refusals: [{ options: { data: file }, rank: 5, says: 'takes 10 singular vectors for rank 5' }],
    },
    { options: { data: file, scale: 'paper' }, expected: (at) => loraGaProduct(at, 16, true) },
    { options: { data: clients } },
  ],
  'olora': [
    {
      options: {},
      expected({ weight, rank }) {
        const { q, r } = qr(weight)
        return multiply(leadingColumns(q, rank), matrix(rank, r.cols, r.data.slice(0, rank * r.cols)))
      },
    },
  ],
  'pissa': [{ options: {}, expected: ({ weight, rank }) => leadingTerms(weight, rank) }],
  'random': [{ options: {} }],
  'weights': [{ options: {}, expected: ({ weight, rank }) => leadingTerms(weight, rank) }],
}

describe('the initialisations', () => {
  it('are all held to their papers', () => {
    expect(Object.keys(PAPERS).sort()).toEqual(initialisations.names)
  })
})

for (const initialisation of initialisations.plugins) {
  for (const paper of PAPERS[initialisation.name] ?? []) describeInitialisation(initialisation, paper)
}
