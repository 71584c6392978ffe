import { adapterMethods, initialisations, rankPolicies } from '@tessera/adapters'
import { aggregators, serverOptimizers } from '@tessera/aggregators'
import { codecs } from '@tessera/codecs'
import { subspaces } from '@tessera/subspaces'
import { z } from 'zod'

const cohort = z
  .strictObject({
    size: z.number().int().positive().default(2).describe('clients of a round; the run starts when so many are there'),
    quorum: z.number().int().positive().default(2).describe('least number of updates that makes a round'),
    overSelection: z
      .number()
      .min(1)
      .max(10)
      .default(1)
      .describe('asks this many times `size` clients; the round closes over the first `size` updates'),
  })
  .refine(({ size, quorum }) => quorum <= size, {
    message: 'a quorum larger than the cohort can never be reached',
    path: ['quorum'],
  })

const deadline = z
  .strictObject({
    softMs: z.number().int().positive().default(300_000).describe('from now on a quorum is enough'),
    hardMs: z.number().int().positive().default(600_000).describe('without a quorum, a new cohort is drawn'),
  })
  .refine(({ softMs, hardMs }) => softMs <= hardMs, {
    message: 'the soft deadline comes before the hard one',
    path: ['softMs'],
  })

/** How much an update counts that was trained on a version `t` rounds old; only exactly rounded operations. */
const staleness = z
  .enum(['constant', 'inverse-sqrt', 'inverse'])
  .default('inverse-sqrt')
  .describe('weight of an update t versions old: 1, 1/sqrt(1+t), 1/(1+t)')

const mode = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sync'),
    onLate: z
      .enum(['discard', 'next-round'])
      .default('discard')
      .describe('what becomes of an update that comes when its round is over'),
  }),
  z
    .strictObject({
      kind: z.literal('buffered'),
      bufferSize: z.number().int().positive().default(2).describe('updates that make a new version (FedBuff)'),
      staleness,
      maxStaleness: z.number().int().nonnegative().default(5).describe('older work is called off'),
    })
    .describe('asynchronous: clients never wait for each other'),
])

const rounds = z
  .strictObject({
    total: z.number().int().positive().default(10),
    cohort: cohort.prefault({}),
    deadline: deadline.prefault({}),
    mode: mode.prefault({ kind: 'sync' }),
    attempts: z.number().int().positive().default(3).describe('tries to reach the quorum before the run pauses'),
  })
  .superRefine(({ cohort: { size, quorum, overSelection }, mode: chosen }, context) => {
    if (chosen.kind !== 'buffered') return
    const refuse = (message: string, path: string[]) => context.addIssue({ code: 'custom', message, path })
    if (chosen.bufferSize > size) {
      refuse('a client gives one update to a buffer, so it can not be larger than the cohort', ['mode', 'bufferSize'])
    }
    if (quorum > chosen.bufferSize) refuse('a quorum larger than the buffer can never be reached', ['cohort', 'quorum'])
    if (overSelection > 1)
      refuse('a buffered run waits for nobody: over-selection has no use', ['cohort', 'overSelection'])
  })

const persist = z.strictObject({
  updates: z
    .enum(['keep-all', 'keep-hashes'])
    .default('keep-all')
    .describe(
      'keep-all: every round can be recomputed; keep-hashes: updates are dropped once their round is committed',
    ),
})

/** What the round protocol needs to know of a run; what a worker does inside a round is the trainer's. */
export const federationSpec = z.object({
  version: z.literal(1).default(1),
  name: z.string().min(1).max(100).default('run'),
  seed: z.number().int().nonnegative().default(0),
  adapter: adapterMethods.selection.default({ method: 'lora-sb', rank: 32, initialStep: 0 }),
  targets: z
    .union([z.enum(['all-linear', 'all']), z.array(z.string().min(1)).nonempty()])
    .default('all-linear')
    .describe(
      'weights to adapt: those of all linear layers; all, embedding and norms too; or the last parts of their names (q_proj, embed_tokens)',
    ),
  initialisation: initialisations.selectionOrNone.prefault({ name: 'federated-sketch' }),
  rankPolicy: rankPolicies.selection.prefault({ name: 'none' }),
  rounds: rounds.prefault({}),
  persist: persist.prefault({}),
  aggregator: aggregators.selection.prefault({ rule: 'weighted-mean' }),
  serverOptimizer: serverOptimizers.selection.prefault({ name: 'none' }),
  subspace: subspaces.selection.prefault({ name: 'none' }),
  codec: codecs.selection.prefault({ codec: 'float32' }),
  downlink: codecs.selectionOrNone
    .prefault({ codec: 'none' })
    .describe(
      'how a round’s step travels to workers that hold the version before it; none: versions travel whole. A subspace with a stretch for every round has float32 by default',
    ),
})

export type FederationSpec = z.infer<typeof federationSpec>
